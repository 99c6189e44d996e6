import {
  type AgentDriver,
  type AgentType,
  field,
  isSessionId,
  type Meaning,
  type Step,
  type Talk,
} from './agent-driver.ts'
import { contentCharsMax } from './conversation.ts'

/**
 * Any agent that speaks the Agent Client Protocol: JSON-RPC 2.0 in lines (agentclientprotocol.com, version 1; measured with
 * Gemini CLI 0.61.0). One process carries a session over any number of turns.
 *
 *   greeting   initialize was sent (request 1)
 *   opening    session/new or session/load was sent (request 2, and 3 where 2 found no session)
 *   open       session/prompt, one at a time
 */
export interface AcpTalk extends Talk {
  /** Whether a prompt is being answered, and what was said to it so far; a tool that was used parts paragraphs. */
  readonly inTurn: boolean
  readonly text: string
  readonly isParted: boolean
}

/** What an agent wants on its command line to speak it; the others are given as they are to be started. */
const switches: Partial<Readonly<Record<AgentType, string>>> = { gemini: '--acp', opencode: 'acp' }

export function acpDriver(type: AgentType, cwd: string): AgentDriver<AcpTalk> {
  const place = { cwd, mcpServers: [] }
  const opens = (talk: AcpTalk, canLoad: boolean): Step<AcpTalk> => {
    const { sessionId } = talk
    const opening: AcpTalk = { ...talk, phase: 'opening' }
    if (sessionId !== null && canLoad) return asks(opening, 'session/load', { ...place, sessionId })
    const [next, said] = asks({ ...opening, sessionId: null }, 'session/new', place)
    return [next, sessionId === null ? said : [{ kind: 'forgotten' }, ...said]]
  }

  function answered(talk: AcpTalk, result: unknown): Step<AcpTalk> {
    if (talk.phase === 'greeting') return opens(talk, field(field(result, 'agentCapabilities'), 'loadSession') === true)
    if (talk.phase === 'opening') {
      const sessionId = talk.sessionId ?? field(result, 'sessionId')
      if (!isSessionId(sessionId)) return [talk, [trouble('The agent began a conversation without a name.')]]
      return [{ ...talk, sessionId, phase: 'open' }, [{ kind: 'waiting' }]]
    }
    const reason = field(result, 'stopReason')
    const message = `The agent ended its turn with ${words(reason)}.`
    return [turnEnded(talk), [...(reason === 'end_turn' ? [] : [trouble(message)]), { kind: 'waiting' }]]
  }

  function refused(talk: AcpTalk, error: unknown): Step<AcpTalk> {
    const details = field(field(error, 'data'), 'details')
    const message = trouble([field(error, 'message'), details].filter((one) => typeof one === 'string').join(': '))
    if (talk.phase === 'open') return [turnEnded(talk), [message, { kind: 'waiting' }]]
    if (talk.phase === 'greeting' || talk.sessionId === null) return [talk, [message]]
    const [next, said] = opens(talk, false)
    return [next, [message, ...said]]
  }

  return {
    type,
    resumes: true,
    command(given) {
      const own = switches[type]
      return own === undefined || given.includes(own) ? given : [...given, own]
    },
    begin: (sessionId) =>
      asks({ sessionId, phase: 'greeting', calls: 0, inTurn: false, text: '', isParted: false }, 'initialize', {
        protocolVersion: 1,
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
        clientInfo: { name: 'reeve', title: 'Reeve', version: '1' },
      }),
    prompt(talk, text) {
      const { sessionId } = talk
      const params = { sessionId, prompt: [{ type: 'text', text }] }
      const [asked, said] = asks({ ...talk, inTurn: true, text: '', isParted: false }, 'session/prompt', params)
      // Before its first turn there is nothing to go on with.
      const session: Meaning[] = sessionId === null ? [] : [{ kind: 'session', id: sessionId }]
      return [asked, [...session, { kind: 'working' }, ...said]]
    },
    line(talk, line) {
      const method = field(line, 'method')
      const id = field(line, 'id')
      if (typeof method === 'string')
        return id === undefined ? happened(talk, method, line) : wished(talk, method, line)
      // Only the last request can be open: turns are started one at a time.
      if (id !== talk.calls) return [talk, []]
      const error = field(line, 'error')
      return error === undefined ? answered(talk, field(line, 'result')) : refused(talk, error)
    },
  }
}

const turnEnded = (talk: AcpTalk): AcpTalk => ({ ...talk, inTurn: false })

function happened(talk: AcpTalk, method: string, line: unknown): Step<AcpTalk> {
  const params = field(line, 'params')
  // A session that was loaded is told again from its beginning, also for a while after the agent said that it is open.
  if (method !== 'session/update' || !talk.inTurn || field(params, 'sessionId') !== talk.sessionId) return [talk, []]
  const update = field(params, 'update')
  switch (field(update, 'sessionUpdate')) {
    case 'agent_message_chunk':
      return hears(talk, field(field(update, 'content'), 'text'))
    case 'tool_call':
      return [{ ...talk, isParted: true }, []]
    case 'user_message_chunk':
      return [{ ...talk, text: '', isParted: false }, []]
    default:
      return [talk, []]
  }
}

function hears(talk: AcpTalk, piece: unknown): Step<AcpTalk> {
  // What goes past the limit is cut off where messages are kept.
  if (typeof piece !== 'string' || talk.text.length > contentCharsMax) return [talk, []]
  const text = `${talk.text}${talk.isParted && talk.text !== '' ? '\n\n' : ''}${piece}`
  return [{ ...talk, text, isParted: false }, [{ kind: 'rewritten', text }]]
}

/** What an agent asks for in the middle of a turn. Nobody sits there: it is told so, and goes on without. */
function wished(talk: AcpTalk, method: string, line: unknown): Step<AcpTalk> {
  const id = field(line, 'id')
  const answer =
    method === 'session/request_permission'
      ? { id, result: { outcome: refusalAmong(field(field(line, 'params'), 'options')) } }
      : { id, error: { code: -32601, message: 'nobody is there to answer' } }
  const message = `The agent asked for ${method.slice(0, 100)} and was refused: start it so that it does not ask.`
  return [
    talk,
    [
      { kind: 'write', line: { jsonrpc: '2.0', ...answer } },
      { kind: 'trouble', message, level: 'warning' },
    ],
  ]
}

function refusalAmong(options: unknown): object {
  const all: readonly unknown[] = Array.isArray(options) ? options : []
  const optionId = field(
    all.find((option) => field(option, 'kind') === 'reject_once'),
    'optionId',
  )
  return typeof optionId === 'string' ? { outcome: 'selected', optionId } : { outcome: 'cancelled' }
}

function asks(talk: AcpTalk, method: string, params: object): Step<AcpTalk> {
  const calls = talk.calls + 1
  return [{ ...talk, calls }, [{ kind: 'write', line: { jsonrpc: '2.0', id: calls, method, params } }]]
}

const trouble = (message: string): Meaning => ({
  kind: 'trouble',
  message: message || 'The agent failed without saying why.',
  level: 'error',
})
const words = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 100) : 'no reason')
