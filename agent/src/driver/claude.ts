import { type AgentDriver, field, isSessionId, type Meaning, type Step, type Talk } from './agent-driver.ts'

/**
 * Claude Code as `claude -p` with streams of JSON on both sides (code.claude.com/docs/en/headless; measured with
 * 2.1.329). One process carries a conversation over any number of messages: each turn begins with a `system` line of
 * subtype `init` and ends with a `result`. Before the first message it says nothing of its own, so it is greeted with
 * the control request that its own libraries begin with, and its answer is what tells that it is there.
 */
export const claude: AgentDriver = {
  type: 'claude',
  resumes: true,
  command: (given, sessionId) => [
    ...given,
    '-p',
    '--input-format=stream-json',
    '--output-format=stream-json',
    '--verbose',
    ...(sessionId === null ? [] : ['--resume', sessionId]),
  ],
  begin(sessionId) {
    const greeting = { type: 'control_request', request_id: greetingId, request: { subtype: 'initialize' } }
    return [{ sessionId, phase: 'greeting', calls: 1 }, [{ kind: 'write', line: greeting }]]
  },
  prompt(talk, text) {
    const line = { type: 'user', message: { role: 'user', content: [{ type: 'text', text }] } }
    return [talk, [{ kind: 'working' }, { kind: 'write', line }]]
  },
  line(talk, line) {
    switch (field(line, 'type')) {
      case 'control_response':
        return field(field(line, 'response'), 'request_id') === greetingId
          ? [{ ...talk, phase: 'open' }, [{ kind: 'waiting' }]]
          : [talk, []]
      case 'system':
        return field(line, 'subtype') === 'init' ? turnBegins(talk, field(line, 'session_id')) : [talk, []]
      case 'assistant':
        // What a subagent says is not said to the person.
        return [talk, field(line, 'parent_tool_use_id') ? [] : texts(field(field(line, 'message'), 'content'))]
      case 'result':
        return [talk, turnEnds(talk, line)]
      default:
        return [talk, []]
    }
  },
}

const greetingId = 'reeve-greeting'

function turnBegins(talk: Talk, sessionId: unknown): Step {
  if (!isSessionId(sessionId) || sessionId === talk.sessionId) return [talk, [{ kind: 'working' }]]
  return [{ ...talk, sessionId }, [{ kind: 'session', id: sessionId }, { kind: 'working' }]]
}

function texts(content: unknown): Meaning[] {
  if (!Array.isArray(content)) return []
  return content
    .filter((block) => field(block, 'type') === 'text')
    .map((block) => field(block, 'text'))
    .filter((text) => typeof text === 'string')
    .map((text) => ({ kind: 'text', text }))
}

function turnEnds(talk: Talk, line: unknown): Meaning[] {
  const failed = field(line, 'is_error') === true
  const errors = field(line, 'errors')
  const said = [...(Array.isArray(errors) ? errors : []), field(line, 'result')].filter(
    (one) => typeof one === 'string',
  )
  const message = said.join('; ') || `Claude Code ended its turn with ${String(field(line, 'subtype'))}.`
  // It looks for the conversation before it greets back, and ends when there is none.
  if (talk.phase === 'greeting') {
    const forgotten: Meaning[] = /No conversation found/.test(message) ? [{ kind: 'forgotten' }] : []
    return failed ? [...forgotten, { kind: 'trouble', message, level: 'error' }] : []
  }
  return failed ? [{ kind: 'trouble', message, level: 'error' }, { kind: 'waiting' }] : [{ kind: 'waiting' }]
}
