import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock as clock } from '@reeve/base'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { kill } from './driver/process-tree.ts'
import { endProcessesOf, processesOf } from './earlier-processes.ts'

/** A script whose processes have lost whoever started them, as after a kill of the agent. */
async function left(folder: string, script: string, ready: string): Promise<void> {
  const env = { PATH: process.env['PATH'], REEVE_AGENT_FOLDER: folder }
  const orphaned = `(${script}) >/dev/null 2>&1 &`
  spawn('sh', ['-c', orphaned], { env, cwd: folder, detached: true, stdio: 'ignore' })
  await expect.poll(() => existsSync(join(folder, ready))).toBe(true)
}

test('who started others is asked first and ends them in order, and gets the time for it', async () => {
  using home = temporaryFolder()
  const child = `trap 'echo child >>parting; exit' TERM; touch child; while :; do sleep 0.05; done`
  const parent = `setsid sh -c "${child}" & trap 'sleep 0.3; echo parent >>parting; kill $!; wait; exit' TERM
    until [ -e child ]; do sleep 0.05; done; touch ready; while :; do sleep 0.05; done`
  await left(home.path, parent, 'ready')
  expect(await endProcessesOf(home.path, { clock, withinMs: 20_000 })).toBeGreaterThan(0)
  expect(readFileSync(join(home.path, 'parting'), 'utf8')).toBe('parent\nchild\n')
  expect(processesOf(home.path).size).toBe(0)
})

test('what does not listen is killed, with what it started under another environment', async () => {
  using home = temporaryFolder()
  await left(home.path, `trap '' TERM; env -i sleep 600 & touch ready; while :; do sleep 0.05; done`, 'ready')
  const before = processesOf(home.path)
  expect(before.size).toBeGreaterThanOrEqual(2)
  await endProcessesOf(home.path, { clock, withinMs: 200 })
  for (const pid of before.keys()) expect(processesOf(home.path).has(pid)).toBe(false)
  expect(processesOf(home.path).size).toBe(0)
})

test('processes of another folder, and the one that asks, are left alone', async () => {
  using home = temporaryFolder()
  using neighbour = temporaryFolder()
  await left(neighbour.path, 'touch ready; exec sleep 600', 'ready')
  const [pid] = processesOf(neighbour.path).keys()
  expect(await endProcessesOf(home.path, { clock, withinMs: 1_000 })).toBe(0)
  expect(processesOf(neighbour.path).has(pid!)).toBe(true)
  expect(processesOf(neighbour.path, pid!).has(pid!)).toBe(false)
  kill(pid!, 'SIGKILL')
})
