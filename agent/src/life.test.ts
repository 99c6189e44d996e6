import { silentLog, systemClock } from '@reeve/base'
import type { AgentFrame } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { makeCommandFolder } from './command-folder.ts'
import type { Connection } from './connection.ts'
import { beginLife } from './life.ts'
import { manifest } from './testing.ts'

/** A control plane that hears all at once, and keeps lines only when the test says so. */
function connectionOf(said: string[]): Connection {
  const { promise } = Promise.withResolvers<string>()
  const say = (frame: AgentFrame): boolean => {
    if (frame.kind === 'lifecycle') said.push(frame.state)
    if (frame.kind === 'script') said.push(`ended ${frame.run.status}`)
    if (frame.kind === 'logs') said.push(...frame.lines.map(({ number, output }) => `${number} ${output}`))
    return true
  }
  return { say, isOpen: true, ended: promise, leave: async () => {}, [Symbol.dispose]() {} }
}

test('who hears that the start scripts are done has all that they said', async () => {
  using place = temporaryFolder()
  using commands = makeCommandFolder(['/bin/true'], place.path)
  const said: string[] = []
  const script = {
    id: 'a',
    source: 'Start',
    script: 'echo one; echo two',
    stages: ['start' as const],
    cron: '',
    log_path: '',
    timeout_seconds: 0,
    after: [],
  }
  const life = await beginLife({
    env: process.env,
    commands,
    connection: connectionOf(said),
    manifest: { ...manifest, directory: place.path, scripts: [script] },
    ask: async () => null,
    boundary: () => {
      throw new Error('nobody asks for a boundary')
    },
    endProcesses: async () => {},
    clock: systemClock,
    log: silentLog,
  })
  await expect.poll(() => said).toContain('ended ok')
  life.kept(1)
  await expect.poll(() => said).toContain('2 two')
  life.kept(2)
  await expect.poll(() => said).toContain('ready')
  expect(said).toEqual(['starting', '1 one', 'ended ok', '2 two', 'ready'])
  await life.shutDown()
  expect(said.slice(-2)).toEqual(['shutting_down', 'off'])
})
