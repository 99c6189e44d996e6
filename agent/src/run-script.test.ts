import { expect, test } from 'vitest'
import { runScript, type ScriptRun } from './run-script.ts'

async function run(script: string, options: Partial<ScriptRun> = {}) {
  const lines: string[] = []
  const end = await runScript({
    script,
    env: { PATH: process.env['PATH'] ?? '' },
    directory: '/',
    timeoutMs: 0,
    signal: new AbortController().signal,
    onLine: (stream, line) => lines.push(`${stream}: ${line}`),
    ...options,
  })
  return { ...end, lines }
}

test('lines come whole, with the stream that they were written to, and the exit code is told', async () => {
  const { status, exitCode, lines } = await run('printf "one\\r\\ntwo"; echo bad >&2; exit 7')
  expect({ status, exitCode }).toEqual({ status: 'exit_failure', exitCode: 7 })
  expect(lines.toSorted()).toEqual(['error: bad', 'out: one', 'out: two'])
})

test('a script that takes too long is ended with all that it started', async () => {
  const { status, lines } = await run('sleep 600 & echo $!; wait', { timeoutMs: 200 })
  expect(status).toBe('timed_out')
  const pid = Number(lines[0]?.slice('out: '.length))
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test('a program that is left in the background neither holds the script nor ends with it', async () => {
  const { status, lines } = await run('sleep 600 & echo $!')
  expect(status).toBe('pipes_left_open')
  const pid = Number(lines[0]?.slice('out: '.length))
  expect(isAlive(pid)).toBe(true)
  process.kill(pid, 'SIGKILL')
})

test('a folder that is not there is told, and a line without an end comes in pieces', async () => {
  expect(await run('true', { directory: '/there/is/none' })).toMatchObject({ status: 'exit_failure' })
  const { lines } = await run("head -c 20000 /dev/zero | tr '\\0' x")
  expect(lines.map((line) => line.length - 'out: '.length)).toEqual([8192, 8192, 3616])
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
