import { expect, test } from 'vitest'
import { type AcpTalk, acpDriver } from './acp.ts'
import type { Meaning, Step } from './agent-driver.ts'
import { contentCharsMax } from './conversation.ts'

const gemini = acpDriver('gemini', '/work')
/** The talk after these lines, and what the last of them meant. */
function after(sessionId: string | null, ...lines: readonly unknown[]): Step<AcpTalk> {
  return lines.reduce<Step<AcpTalk>>(([talk], line) => gemini.line(talk, line), gemini.begin(sessionId))
}
const loads = { id: 1, result: { protocolVersion: 1, agentCapabilities: { loadSession: true } } }
const [opened] = after(null, loads, { id: 2, result: { sessionId: 'session-1' } })
const [turn] = gemini.prompt(opened, 'hello')
const write = (line: object): Meaning => ({ kind: 'write', line: { jsonrpc: '2.0', ...line } })
const trouble = (message: string): Meaning => ({ kind: 'trouble', message, level: 'error' })
const update = (sessionUpdate: string, more: object = {}, sessionId = 'session-1') => ({
  method: 'session/update',
  params: { sessionId, update: { sessionUpdate, ...more } },
})
const chunk = (text: unknown) => update('agent_message_chunk', { content: { type: 'text', text } })

/** What is said in the end, after these lines of a turn. */
function heard(...lines: readonly unknown[]): string | null {
  let [talk, last]: [AcpTalk, string | null] = [turn, null]
  for (const line of lines) {
    const [next, meanings] = gemini.line(talk, line)
    talk = next
    for (const meaning of meanings) if (meaning.kind === 'rewritten') last = meaning.text
  }
  return last
}

test('a session is opened, or loaded by its name where the agent can do that', () => {
  expect(opened).toMatchObject({ sessionId: 'session-1', phase: 'open', calls: 2 })
  const place = { cwd: '/work', mcpServers: [] }
  expect(after(null, loads)[1]).toEqual([write({ id: 2, method: 'session/new', params: place })])
  expect(after('old', loads)[1]).toEqual([
    write({ id: 2, method: 'session/load', params: { ...place, sessionId: 'old' } }),
  ])
  expect(after('old', loads, { id: 2, result: { modes: {} } })[0]).toMatchObject({ sessionId: 'old', phase: 'open' })
  const [, forgets] = after('old', { id: 1, result: { protocolVersion: 1 } })
  expect(forgets).toEqual([{ kind: 'forgotten' }, write({ id: 2, method: 'session/new', params: place })])
})

test('a session that is lost is begun anew, and that is told', () => {
  const error = { code: -32603, message: 'Internal error', data: { details: 'Invalid session' } }
  const [talk, said] = after('old', loads, { id: 2, error })
  expect(said.slice(0, 2)).toEqual([trouble('Internal error: Invalid session'), { kind: 'forgotten' }])
  const next = { id: 3, result: { sessionId: 'new' } }
  expect(gemini.line(talk, next)).toMatchObject([{ sessionId: 'new', phase: 'open' }, [{ kind: 'waiting' }]])
  expect(after(null, loads, { id: 2, error: { message: 'Authentication required' } })[1]).toEqual([
    trouble('Authentication required'),
  ])
  expect(after(null, loads, { id: 2, result: { sessionId: '--yolo' } })[1]).toEqual([
    trouble('The agent began a conversation without a name.'),
  ])
})

test('pieces become one message, which a tool parts; what is told again of an earlier turn is not said', () => {
  expect(heard(chunk('I ma'), chunk('ke it.'), update('tool_call'), update('tool_call_update'), chunk('Done.'))).toBe(
    'I make it.\n\nDone.',
  )
  expect(heard(chunk('old'), update('user_message_chunk'), chunk('new'))).toBe('new')
  expect(heard(update('agent_thought_chunk', { content: { type: 'text', text: 'hm' } }), chunk(5), chunk('yes'))).toBe(
    'yes',
  )
  expect(heard(update('agent_message_chunk', { content: { text: 'not mine' } }, 'session-2'))).toBe(null)
  expect(gemini.line(opened, chunk('too late'))).toEqual([opened, []])
})

test('a turn ends with its answer, and one that ends otherwise says why', () => {
  expect(gemini.prompt(opened, 'hello')[1]).toEqual([
    { kind: 'session', id: 'session-1' },
    { kind: 'working' },
    write({
      id: 3,
      method: 'session/prompt',
      params: { sessionId: 'session-1', prompt: [{ type: 'text', text: 'hello' }] },
    }),
  ])
  const waiting: Meaning = { kind: 'waiting' }
  expect(gemini.line(turn, { id: 3, result: { stopReason: 'end_turn' } })[1]).toEqual([waiting])
  const cut = trouble('The agent ended its turn with max_tokens.')
  expect(gemini.line(turn, { id: 3, result: { stopReason: 'max_tokens' } })[1]).toEqual([cut, waiting])
  expect(gemini.line(turn, { id: 3, error: { message: 'no model' } })[1]).toEqual([trouble('no model'), waiting])
})

test('nobody is there to be asked: a permission is refused, and so is all else', () => {
  const options = [
    { optionId: 'yes', kind: 'allow_once' },
    { optionId: 'no', kind: 'reject_once' },
  ]
  const answers = (line: object) => gemini.line(turn, line)[1][0]
  const ask = { id: 0, method: 'session/request_permission' }
  expect(answers({ ...ask, params: { options } })).toEqual(
    write({ id: 0, result: { outcome: { outcome: 'selected', optionId: 'no' } } }),
  )
  for (const params of [undefined, { options: 5 }, { options: [{ optionId: 'yes', kind: 'allow_once' }] }]) {
    expect(answers({ ...ask, params })).toEqual(write({ id: 0, result: { outcome: { outcome: 'cancelled' } } }))
  }
  expect(answers({ id: 'a', method: 'fs/read_text_file', params: { path: '/etc/shadow' } })).toMatchObject({
    line: { id: 'a', error: { code: -32601 } },
  })
})

test('lines that make no sense mean nothing, and pieces without end do not fill the memory', () => {
  for (const line of [null, 5, [], { id: 99, result: {} }, { method: 5 }, update('agent_message_chunk')]) {
    expect(gemini.line(turn, line)).toEqual([turn, []])
  }
  const pieces = Array.from({ length: 40 }, () => chunk('x'.repeat(16 * 1024)))
  expect(heard(...pieces)!.length).toBeLessThan(contentCharsMax + 17 * 1024)
})

test('the switch of an agent is added once, and commands of others are left as they are', () => {
  expect(gemini.command(['gemini', '--yolo'], null)).toEqual(['gemini', '--yolo', '--acp'])
  expect(acpDriver('opencode', '/').command(['opencode', 'acp'], null)).toEqual(['opencode', 'acp'])
  expect(acpDriver('goose', '/').command(['goose', 'acp'], null)).toEqual(['goose', 'acp'])
})
