import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { recordingLog, silentLog, systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { type AgentTerminal, agentTerminal } from './agent-terminal.ts'
import { screenDriver, type ScreenTalk } from './screen.ts'
import { serveDriver } from './serve.ts'
import { openTaskDriver, type TaskDriver, type TaskDriverOptions } from './task-driver.ts'
import { until } from './testing.ts'

const scripted = [process.execPath, join(import.meta.dirname, 'terminal.test-child.ts')]
/** Its sign turns far more often than this, also on a machine that has much to do. */
const patience = { settleMs: 1200, hiddenMs: 3000, busyMs: 10_000, strangeMs: 3000, blankMs: 60_000 }

async function open(folder: string, options: Partial<TaskDriverOptions<ScreenTalk>> = {}) {
  const terminal = agentTerminal({ columns: 80, rows: 200 }, systemClock)
  const driver = await openTaskDriver({
    driver: screenDriver('custom', patience),
    start: terminal.start,
    command: scripted,
    cwd: folder,
    env: process.env,
    initialPrompt: '',
    stateFile: null,
    clock: systemClock,
    log: recordingLog(),
    graceMs: 1000,
    restartMs: () => 10,
    ...options,
  })
  return { terminal, driver, [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose]() }
}

const said = (driver: TaskDriver): string[] => driver.messages().map(({ role, content }) => `${role}: ${content}`)
const resting = async (driver: TaskDriver): Promise<void> => await expect.poll(driver.status).toBe('stable')
const hears = async (driver: TaskDriver, words: string): Promise<void> =>
  await expect.poll(() => said(driver).at(-1)).toBe(`agent: ${words}`)
const shows = async (terminal: AgentTerminal, words: string): Promise<void> =>
  await expect.poll(() => screenOf(terminal)).toContain(words)
const trouble = (driver: TaskDriver, words: string) =>
  until(driver, (change) => change.kind === 'trouble' && change.trouble.message.includes(words))

function screenOf(terminal: AgentTerminal): string {
  let screen = ''
  terminal.watch((now) => void (screen = now))()
  return screen
}

test('an agent that has nothing but a screen is talked to, and what it draws around its words is not said', async () => {
  using home = temporaryFolder()
  await using agent = await open(home.path, { initialPrompt: 'say hello' })
  const { driver } = agent
  await hears(driver, '• hello')
  await resting(driver)
  await driver.send('more one two three')
  await expect(driver.send('say early')).rejects.toThrow('not waiting')
  await hears(driver, 'one\ntwo\nthree')
  await resting(driver)
  // Words that press Enter, or end the paste, are words.
  await driver.send('say all\rof\u001b[201~ it')
  await hears(driver, '• all of[201~ it')
  await resting(driver)
  await driver.send('place')
  await hears(driver, 'vt100 80x200')
  expect(said(driver).filter((one) => one.startsWith('user: '))).toHaveLength(4)
})

test('a question is told, no message answers it by accident, and keys do', async () => {
  using home = temporaryFolder()
  await using agent = await open(home.path)
  const { driver, terminal } = agent
  await resting(driver)
  await driver.send('ask')
  await trouble(driver, 'May it run?\n❯ 1. Yes\n2. No')
  await resting(driver)
  await expect(driver.send('say no')).rejects.toThrow('raw keys')
  terminal.type('1')
  await hears(driver, 'It was allowed.')
})

test('an agent that ends is started again, and it is told that it knows nothing', async () => {
  using home = temporaryFolder()
  const stateFile = { path: join(home.path, 'state.json'), load: true, save: true }
  await using agent = await open(home.path, { stateFile, initialPrompt: 'say hello' })
  const { driver } = agent
  await hears(driver, '• hello')
  await resting(driver)
  await driver.send('die')
  await trouble(driver, 'it hurts')
  await trouble(driver, 'begins anew')
  await resting(driver)
  await driver.send('say again')
  await hears(driver, '• again')
  await driver[Symbol.asyncDispose]()

  const before = JSON.parse(readFileSync(stateFile.path, 'utf8'))
  expect(before.agent).toEqual({ type: 'custom', session_id: null, process: null })
  await using later = await open(home.path, { stateFile, initialPrompt: 'say hello' })
  await trouble(later.driver, 'begins anew')
  await resting(later.driver)
  expect(said(later.driver)).toEqual(said(driver))
})

test('a program that is not there is told with what the shell says of it', async () => {
  using home = temporaryFolder()
  await using agent = await open(home.path, { command: ['no-such-agent'], restartMs: () => null })
  expect(await agent.driver.gone).toMatch(/^no-such-agent ended with status 127: .*not found/)
  expect(() => agent.terminal.type('x')).toThrow('not running')
})

test('a flood of output is held back, and its end is what is seen', async () => {
  using home = temporaryFolder()
  const command = ['/bin/sh', '-c', 'head -c 10000000 /dev/zero | tr "\\0" x; printf "\\nthe end"; exec sleep 100']
  await using agent = await open(home.path, { command })
  await shows(agent.terminal, '\nthe end')
})

test('keys and the screen are reached over HTTP', async () => {
  using home = temporaryFolder()
  await using agent = await open(home.path)
  const visitors = { allowedHosts: ['127.0.0.1'], allowedOrigins: [] }
  const { driver, terminal } = agent
  await using server = await serveDriver(driver, { host: '127.0.0.1', port: 0, log: silentLog, terminal, ...visitors })
  await resting(driver)
  const status: unknown = await (await fetch(`${server.url}/status`)).json()
  expect(status).toEqual({ status: 'stable', agent_type: 'custom', transport: 'pty' })
  const posted = await fetch(`${server.url}/message`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'raw', content: 'half a word' }),
  })
  expect([posted.status, await posted.json()]).toEqual([200, { ok: true }])
  await shows(terminal, '│ > half a word')
  expect(driver.messages()).toEqual([])
  const stop = new AbortController()
  const { body } = await fetch(`${server.url}/internal/screen`, { signal: stop.signal })
  const { value } = await body!.getReader().read()
  stop.abort()
  expect(new TextDecoder().decode(value)).toMatch(/^event: screen_update\ndata: \{"screen":".*half a word/)
})
