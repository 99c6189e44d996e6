import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { charsMax, contentCharsMax } from './conversation.ts'
import type { DriverState } from './state-file.ts'
import { exchange, openScripted, stable, until } from './testing.ts'

const stateIn = (folder: string) => ({ path: join(folder, 'state.json'), load: true, save: true })
const stored = (folder: string) => JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))
const trouble = (text: string) => (change: { kind: string }) =>
  change.kind === 'trouble' && JSON.stringify(change).includes(text)

test('what an agent says until the next message is one message, without its subagents', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  await exchange(driver, 'say hello')
  await exchange(driver, 'subagent whispers')
  expect(await exchange(driver, 'say again')).toEqual([
    'user: say hello',
    'agent: hello',
    'user: subagent whispers',
    'user: say again',
    'agent: again',
  ])
  expect(driver.messages().map(({ id }) => id)).toEqual([0, 1, 2, 3, 4])
})

test('a second message while the agent works is refused, also in the same moment', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path, { graceMs: 1 })
  await expect(driver.send('say early')).rejects.toThrow('not waiting')
  await stable(driver)
  const both = await Promise.allSettled([driver.send('hang'), driver.send('say other')])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  for (const content of ['', ' \n', ' say x', 'say x\n']) {
    await expect(driver.send(content)).rejects.toThrow(/empty|white space/)
  }
  expect(driver.messages()).toHaveLength(1)
})

test('output that makes no sense is passed over, and lines without end are dropped and told', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  expect(await exchange(driver, 'garble')).toEqual(['user: garble', 'agent: still here'])
  expect((await exchange(driver, 'endless')).at(-1)).toBe('agent: still here')
  await until(driver, trouble('too long'))
})

test('an agent that talks without end fills neither memory nor the state file', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path, { stateFile: stateIn(home.path) })
  for (let n = 0; n < 20; n++) await exchange(driver, 'repeat 0123456789')
  const sizes = driver.messages().map(({ content }) => content.length)
  expect(Math.max(...sizes)).toBeLessThan(contentCharsMax + 100)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(charsMax)
  expect(driver.messages().at(-1)!.id).toBe(39)
  await driver.save()
  expect(statSync(join(home.path, 'state.json')).size).toBeLessThan(2 * charsMax)
})

test('a turn that failed is told, and the next message is taken', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  await exchange(driver, 'fail the model is away')
  await until(driver, trouble('the model is away'))
  expect((await exchange(driver, 'say on')).at(-1)).toBe('agent: on')
})

test('an agent that dies in its work is told with its last words and resumed, and its turn is not begun again', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  expect(await exchange(driver, 'die')).toEqual(['user: die'])
  expect(await until(driver, trouble('it hurts'))).toMatchObject({ trouble: { level: 'error' } })
  expect((await exchange(driver, 'resumed')).at(-1)).toBe('agent: resumed session-1')
})

test('an agent that cannot stay alive is given up with the reason', async () => {
  using home = temporaryFolder()
  const restartMs = (attempt: number) => (attempt > 2 ? null : 1)
  await using driver = await openScripted(home.path, { command: ['/nonexistent/claude'], restartMs })
  expect(await driver.gone).toContain('could not be started')
  expect(driver.status()).toBe('running')
})

test('a conversation goes on after a pause, and its first prompt is given once', async () => {
  using home = temporaryFolder()
  const options = { stateFile: stateIn(home.path), initialPrompt: 'say first' }
  {
    await using driver = await openScripted(home.path, options)
    await until(driver, (change) => change.kind === 'message' && change.message.role === 'agent')
    await stable(driver)
  }
  expect(stored(home.path)).toMatchObject({
    version: 1,
    initial_prompt: 'say first',
    initial_prompt_sent: true,
    agent: { type: 'claude', session_id: 'session-1', process: null },
  })
  expect(statSync(join(home.path, 'state.json')).mode & 0o777).toBe(0o600)
  await using driver = await openScripted(home.path, options)
  const said = ['user: say first', 'agent: first', 'user: resumed', 'agent: resumed session-1']
  expect(await exchange(driver, 'resumed')).toEqual(said)
})

test('a conversation that the agent has lost is begun anew, and that is told', async () => {
  using home = temporaryFolder()
  const message = { id: 4, role: 'user', content: 'say old', time: '2026-01-01T00:00:00Z' }
  const agent = { type: 'claude', session_id: 'lost', process: null }
  const state = { version: 1, messages: [message], initial_prompt: '', initial_prompt_sent: false, agent }
  writeFileSync(join(home.path, 'state.json'), JSON.stringify(state))
  await using driver = await openScripted(home.path, { stateFile: stateIn(home.path) })
  expect(await exchange(driver, 'resumed')).toEqual(['user: say old', 'user: resumed', 'agent: resumed null'])
  expect(driver.messages().map(({ id }) => id)).toEqual([4, 5, 6])
  await until(driver, trouble('No conversation found'))
})

test.each([
  ['not JSON', '{'],
  ['another version', '{"version":2,"messages":[]}'],
  ['messages that are none', '{"version":1,"messages":[{"id":"x"}]}'],
])('a state file with %s is left as it is', async (_, text) => {
  using home = temporaryFolder()
  writeFileSync(join(home.path, 'state.json'), text)
  await expect(openScripted(home.path, { stateFile: stateIn(home.path) })).rejects.toThrow('not a conversation')
  expect(readFileSync(join(home.path, 'state.json'), 'utf8')).toBe(text)
})

test('a state file names its conversation and no words for the command line', async () => {
  using home = temporaryFolder()
  const agent = { type: 'claude', session_id: '--dangerous', process: { pid: 1, startedTicks: '0' } }
  writeFileSync(join(home.path, 'state.json'), JSON.stringify({ version: 1, messages: [], agent }))
  await using driver = await openScripted(home.path, { stateFile: stateIn(home.path) })
  expect((await exchange(driver, 'resumed')).at(-1)).toBe('agent: resumed null')
})

test('a conversation that cannot be saved goes on, and that is told', async () => {
  using home = temporaryFolder()
  const stateFile = { path: join(home.path, 'gone/state.json'), load: true, save: true }
  await using driver = await openScripted(home.path, { stateFile })
  expect((await exchange(driver, 'say on')).at(-1)).toBe('agent: on')
  await until(driver, trouble('could not be saved'))
  mkdirSync(join(home.path, 'gone'))
  await driver.save()
  expect(existsSync(stateFile.path)).toBe(true)
})

test('an agent that will not stop is ended after its grace', async () => {
  using home = temporaryFolder()
  const driver = await openScripted(home.path, { stateFile: stateIn(home.path), graceMs: 50 })
  await stable(driver)
  await driver.send('hang')
  await until(driver, (change) => change.kind === 'status' && change.status === 'running')
  await driver.save()
  const { pid }: NonNullable<DriverState['process']> = stored(home.path).agent.process
  await driver[Symbol.asyncDispose]()
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
