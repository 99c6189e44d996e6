import { cleanText } from './wire/json.ts'
import type { ClientFacts } from './recorder.ts'

/** What a request body says about its session; the wire format knows where to look. */
export interface ClientHints {
  readonly bodySessionId: string | null
}

/** Header values by lower-case name, as Node gives them. */
export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>

interface ClientRule {
  readonly client: string
  /** Of the User-Agent. A group captures the version. The first rule that fits wins. */
  readonly userAgent?: RegExp
  /** A header that must be there too, and what it must say. */
  readonly header?: readonly [name: string, value: RegExp]
  /** Headers that name the session, best first; `body` stands for what the body says. */
  readonly session?: readonly string[]
  readonly agent?: string
  readonly parentAgent?: string
}

const claudeCode = {
  session: ['x-claude-code-session-id', 'body'],
  agent: 'x-claude-code-agent-id',
  parentAgent: 'x-claude-code-parent-agent-id',
} as const

const codexSession = ['session-id', 'session_id', 'body'] as const

/**
 * Which client a request comes from and how it names its session. Data: a new client is a new line. Every word in it is
 * the client's own; a session id is only ever compared with those of the same actor.
 *
 * Qwen Code calls itself `claude-cli/0.x` and sends no session header, so it must come before Claude Code.
 */
const rules: readonly ClientRule[] = [
  { client: 'Qwen Code', userAgent: /^qwencode\/(\S+)/i },
  {
    client: 'Qwen Code',
    userAgent: /^claude-cli\/(0\.[1-9]\S*) \(external, cli\)/i,
    header: ['x-claude-code-session-id', /^$/],
  },
  { client: 'Claude Code', userAgent: /^claude-(?:cli|code)\/(\S+)/i, ...claudeCode },
  { client: 'Claude Code', userAgent: /^claude/i, ...claudeCode },
  {
    client: 'Codex',
    userAgent: /^codex[\w-]*\/(\S+)/i,
    // Only a sub-agent has it; the thread that a person leads is no agent's.
    header: ['x-codex-parent-thread-id', /./],
    session: codexSession,
    agent: 'thread-id',
    parentAgent: 'x-codex-parent-thread-id',
  },
  { client: 'Codex', userAgent: /^codex[\w-]*\/(\S+)/i, session: codexSession },
  { client: 'Codex', userAgent: /^codex/i, session: codexSession },
  {
    client: 'OpenCode',
    userAgent: /^opencode\/(\S+)/i,
    session: ['x-session-id', 'x-opencode-session', 'x-session-affinity', 'body'],
  },
  { client: 'Gemini CLI', userAgent: /^geminicli[\w-]*\/([^/\s]+)/i },
  { client: 'Mux', userAgent: /^(?:mux|xum)\/(\S+)/i, session: ['x-mux-workspace-id'] },
  { client: 'GitHub Copilot (VS Code)', userAgent: /^githubcopilotchat\/(\S+)/i, session: ['x-interaction-id'] },
  { client: 'GitHub Copilot (CLI)', userAgent: /^copilot\/(\S+)/i, session: ['x-client-session-id'] },
  {
    client: 'GitHub Copilot (CLI)',
    header: ['x-interaction-type', /^conversation-/],
    session: ['x-client-session-id'],
  },
  { client: 'Kilo Code', userAgent: /^kilo-code\/(\S+)/i, session: ['x-kilocode-taskid'] },
  { client: 'Kilo Code', header: ['originator', /^kilo-code$/i], session: ['x-kilocode-taskid'] },
  { client: 'Roo Code', userAgent: /^roo-code\/(\S+)/i },
  { client: 'Roo Code', header: ['originator', /^roo-code$/i] },
  { client: 'Cline', userAgent: /^cline\/(\S+)/i },
  { client: 'Cline', header: ['x-title', /^cline$/i] },
  { client: 'Continue', userAgent: /^continue[\w-]*\/(\S+)/i },
  { client: 'Zed', userAgent: /^zed\/(\S+)/i },
  { client: 'Cursor', header: ['x-cursor-client-version', /./] },
  { client: 'Crush', userAgent: /^charm[ -]crush\/(\S+)/i },
  { client: 'Junie', userAgent: /^junie:(\S*)/i },
  { client: 'Goose', userAgent: /^goose\/(\S+)/i },
  { client: 'Aider', userAgent: /^aider\/(\S+)/i },
  { client: 'Anthropic SDK', userAgent: /^(?:async)?anthropic(?:bedrock|vertex)?\/\w+ (\S+)/i, session: ['body'] },
  { client: 'OpenAI SDK', userAgent: /^(?:async)?openai\/\w+ (\S+)/i, session: ['body'] },
  { client: 'Google Gen AI SDK', userAgent: /^google-genai-sdk\/(\S+)/i },
  { client: 'Vercel AI SDK', userAgent: /^ai(?:-sdk[-/][\w-]+)?\/(\S+)/i, session: ['body'] },
  { client: 'curl', userAgent: /^curl\/(\S+)/i },
]

const unknown: ClientRule = { client: 'Unknown', session: ['x-session-id', 'body'] }

const idCharsMax = 200
const versionCharsMax = 50
const userAgentCharsMax = 500

export function recogniseClient(headers: HeaderValues, hints: ClientHints): ClientFacts {
  const userAgent = value(headers, 'user-agent', userAgentCharsMax)
  const rule = rules.find((candidate) => fits(candidate, headers, userAgent ?? '')) ?? unknown
  const version = rule.userAgent?.exec(userAgent ?? '')?.[1] ?? null
  return {
    client: rule.client,
    clientVersion: version === null || version === '' ? null : version.slice(0, versionCharsMax),
    userAgent,
    clientSessionId: sessionOf(rule, headers, hints),
    agentId: rule.agent === undefined ? null : value(headers, rule.agent, idCharsMax),
    parentAgentId: rule.parentAgent === undefined ? null : value(headers, rule.parentAgent, idCharsMax),
  }
}

function fits(rule: ClientRule, headers: HeaderValues, userAgent: string): boolean {
  if (rule.userAgent !== undefined && !rule.userAgent.test(userAgent)) return false
  return rule.header === undefined || rule.header[1].test(value(headers, rule.header[0], idCharsMax) ?? '')
}

function sessionOf(rule: ClientRule, headers: HeaderValues, hints: ClientHints): string | null {
  for (const source of rule.session ?? []) {
    const id = source === 'body' ? clean(hints.bodySessionId, idCharsMax) : value(headers, source, idCharsMax)
    if (id !== null) return id
  }
  return null
}

function value(headers: HeaderValues, name: string, charsMax: number): string | null {
  const found = headers[name]
  return clean(typeof found === 'string' ? found : (found?.[0] ?? null), charsMax)
}

function clean(text: string | null, charsMax: number): string | null {
  const cleaned = text === null ? '' : cleanText(text, charsMax)
  return cleaned === '' ? null : cleaned
}
