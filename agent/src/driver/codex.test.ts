import { expect, test } from 'vitest'
import type { Meaning, Step, Talk } from './agent-driver.ts'
import { codex } from './codex.ts'

/** The talk after these lines, and what the last of them meant. */
function after(sessionId: string | null, ...lines: readonly unknown[]): Step {
  return lines.reduce<Step>(([talk], line) => codex.line(talk, line), codex.begin(sessionId))
}
const opened: Talk = after(null, { id: 1, result: {} }, { id: 2, result: { thread: { id: 'thread-1' } } })[0]
const meanings = (line: unknown): readonly Meaning[] => codex.line(opened, line)[1]
const notice = (method: string, params: object) => ({ method, params: { threadId: 'thread-1', ...params } })

test('a conversation is opened, or resumed by its name', () => {
  expect(opened).toEqual({ sessionId: 'thread-1', phase: 'open', calls: 2 })
  const [, resumes] = after('thread-9', { id: 1, result: {} })
  expect(resumes.at(-1)).toEqual({
    kind: 'write',
    line: { id: 2, method: 'thread/resume', params: { threadId: 'thread-9' } },
  })
})

test('a conversation that Codex has lost is begun anew, and that is told', () => {
  const [talk, said] = after('thread-9', { id: 1, result: {} }, { id: 2, error: { message: 'no rollout found' } })
  expect(said).toEqual([
    { kind: 'forgotten' },
    { kind: 'trouble', message: 'no rollout found', level: 'error' },
    { kind: 'write', line: { id: 3, method: 'thread/start', params: {} } },
  ])
  expect(codex.line(talk, { id: 3, result: { thread: { id: 'thread-2' } } })).toEqual([
    { sessionId: 'thread-2', phase: 'open', calls: 3 },
    [{ kind: 'waiting' }],
  ])
})

test('a message is a turn; a turn that is refused or fails says why, and the agent waits again', () => {
  const [talk, said] = codex.prompt(opened, 'hello')
  const params = { threadId: 'thread-1', input: [{ type: 'text', text: 'hello' }] }
  expect(said).toEqual([{ kind: 'working' }, { kind: 'write', line: { id: 3, method: 'turn/start', params } }])
  expect(meanings(notice('turn/started', {}))).toEqual([{ kind: 'session', id: 'thread-1' }, { kind: 'working' }])
  const failed: readonly Meaning[] = [{ kind: 'trouble', message: 'no model', level: 'error' }, { kind: 'waiting' }]
  expect(codex.line(talk, { id: 3, error: { message: 'no model' } })[1]).toEqual(failed)
  const turn = { status: 'failed', error: { message: 'no model' } }
  expect(meanings(notice('turn/completed', { turn }))).toEqual(failed)
})

test('what Codex asks a person is declined, and told', () => {
  const [declined, told] = meanings({ id: 7, ...notice('item/commandExecution/requestApproval', {}) })
  expect(declined).toEqual({ kind: 'write', line: { id: 7, result: { decision: 'decline' } } })
  expect(told).toMatchObject({ kind: 'trouble', level: 'warning' })
  expect(meanings({ id: 'q', ...notice('item/tool/requestUserInput', {}) })[0]).toMatchObject({
    kind: 'write',
    line: { id: 'q', error: { code: -32601 } },
  })
})

test('other threads, and lines that are not as they should be, mean nothing', () => {
  const item = { type: 'agentMessage', text: 'hello' }
  expect(meanings(notice('item/completed', { item }))).toEqual([{ kind: 'text', text: 'hello' }])
  for (const line of [
    notice('item/completed', { threadId: 'thread-2', item }),
    notice('item/completed', { item: { ...item, text: 5 } }),
    notice('item/completed', { item: null }),
    { method: 'item/completed' },
    { method: 5 },
    { id: 99, result: {} },
    null,
    7,
    [],
    { id: null },
  ]) {
    expect(meanings(line)).toEqual([])
  }
  const unnamed = after(null, { id: 1, result: {} }, { id: 2, result: { thread: { id: '--flag' } } })
  expect(unnamed[1]).toMatchObject([{ kind: 'trouble' }])
})
