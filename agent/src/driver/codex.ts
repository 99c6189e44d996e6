import { type AgentDriver, field, isSessionId, type Meaning, type Step, type Talk } from './agent-driver.ts'

/**
 * Codex as `codex app-server`: JSON-RPC in lines, without the `jsonrpc` member (`codex app-server generate-json-schema`
 * is the reference; measured with 0.169.0). One process carries a conversation, which it calls a thread, over any
 * number of turns; `codex exec --json` would need a process for each.
 *
 *   greeting   initialize was sent (request 1)
 *   opening    thread/start or thread/resume was sent (request 2, and 3 where 2 found no thread)
 *   open       turns, one at a time
 */
export const codex: AgentDriver = {
  type: 'codex',
  resumes: true,
  command: (given) => [...given, 'app-server'],
  begin: (sessionId) =>
    asks({ sessionId, phase: 'greeting', calls: 0 }, 'initialize', {
      clientInfo: { name: 'reeve', title: 'Reeve', version: '1' },
    }),
  prompt(talk, text) {
    const [asked, said] = asks(talk, 'turn/start', { threadId: talk.sessionId, input: [{ type: 'text', text }] })
    return [asked, [{ kind: 'working' }, ...said]]
  },
  line(talk, line) {
    const method = field(line, 'method')
    const id = field(line, 'id')
    if (typeof method === 'string') return id === undefined ? happened(talk, method, line) : asked(talk, method, id)
    // Only the last request can be open: turns are started one at a time.
    if (id !== talk.calls) return [talk, []]
    const error = field(line, 'error')
    return error === undefined ? answered(talk, field(line, 'result')) : refused(talk, words(field(error, 'message')))
  },
}

function answered(talk: Talk, result: unknown): Step {
  if (talk.phase === 'greeting') {
    const initialized: Meaning = { kind: 'write', line: { method: 'initialized' } }
    const opening: Talk = { ...talk, phase: 'opening' }
    const [next, said] =
      talk.sessionId === null
        ? asks(opening, 'thread/start', {})
        : asks(opening, 'thread/resume', { threadId: talk.sessionId })
    return [next, [initialized, ...said]]
  }
  if (talk.phase === 'open') return [talk, []]
  const id = field(field(result, 'thread'), 'id')
  if (!isSessionId(id)) return [talk, [trouble('Codex began a conversation without a name.')]]
  return [{ ...talk, sessionId: id, phase: 'open' }, [{ kind: 'waiting' }]]
}

function refused(talk: Talk, message: string): Step {
  if (talk.phase === 'open') return [talk, [trouble(message), { kind: 'waiting' }]]
  if (talk.phase === 'greeting' || talk.sessionId === null) return [talk, [trouble(message)]]
  const [next, said] = asks({ ...talk, sessionId: null }, 'thread/start', {})
  return [next, [{ kind: 'forgotten' }, trouble(message), ...said]]
}

function happened(talk: Talk, method: string, line: unknown): Step {
  const params = field(line, 'params')
  // Subagents have threads of their own.
  if (talk.sessionId === null || field(params, 'threadId') !== talk.sessionId) return [talk, []]
  // Codex writes a thread down with its first turn: before that there is nothing to go on with.
  if (method === 'turn/started') return [talk, [{ kind: 'session', id: talk.sessionId }, { kind: 'working' }]]
  if (method === 'turn/completed') return [talk, turnEnds(field(params, 'turn'))]
  const item = field(params, 'item')
  const text = field(item, 'text')
  if (method !== 'item/completed' || field(item, 'type') !== 'agentMessage' || typeof text !== 'string')
    return [talk, []]
  return [talk, [{ kind: 'text', text }]]
}

function turnEnds(turn: unknown): Meaning[] {
  const waiting: Meaning = { kind: 'waiting' }
  return field(turn, 'status') === 'failed'
    ? [trouble(words(field(field(turn, 'error'), 'message'))), waiting]
    : [waiting]
}

/** What Codex asks a person in the middle of a turn. Nobody sits there: it is told so, and goes on without. */
function asked(talk: Talk, method: string, id: unknown): Step {
  const approval = /^item\/(commandExecution|fileChange)\/requestApproval$/.test(method)
  const line = approval
    ? { id, result: { decision: 'decline' } }
    : { id, error: { code: -32601, message: 'nobody is there to answer' } }
  const message = `Codex asked for ${method} and was refused: choose an approval policy that does not ask.`
  return [
    talk,
    [
      { kind: 'write', line },
      { kind: 'trouble', message, level: 'warning' },
    ],
  ]
}

function asks(talk: Talk, method: string, params: object): Step {
  const calls = talk.calls + 1
  return [{ ...talk, calls }, [{ kind: 'write', line: { id: calls, method, params } }]]
}

const trouble = (message: string): Meaning => ({ kind: 'trouble', message, level: 'error' })
const words = (message: unknown): string => (typeof message === 'string' ? message : 'Codex failed without saying why.')
