import { expect, test } from 'vitest'
import { recogniseClient } from './clients.ts'

const none = { bodySessionId: null }
const known = (userAgent: string, headers: Record<string, string> = {}, bodySessionId: string | null = null) =>
  recogniseClient({ 'user-agent': userAgent, ...headers }, { bodySessionId })

test('clients are recognised by what they send', () => {
  const cases: readonly [string, Record<string, string>, string, string | null][] = [
    ['claude-cli/2.1.329 (external, sdk-cli)', {}, 'Claude Code', '2.1.329'],
    ['claude-code/2.1.329 (sdk-cli)', {}, 'Claude Code', '2.1.329'],
    ['claude-cli/0.24.4 (external, cli)', {}, 'Qwen Code', '0.24.4'],
    ['claude-cli/0.24.4 (external, cli)', { 'x-claude-code-session-id': 's' }, 'Claude Code', '0.24.4'],
    ['QwenCode/0.24.4 (linux; x64)', {}, 'Qwen Code', '0.24.4'],
    ['codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb', {}, 'Codex', '0.169.0'],
    ['opencode/1.18.33 ai-sdk/provider-utils/4.0 runtime/bun/1.3.14', {}, 'OpenCode', '1.18.33'],
    ['GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)', {}, 'Gemini CLI', '0.61.0'],
    ['mux/1.2', {}, 'Mux', '1.2'],
    ['GitHubCopilotChat/0.30', {}, 'GitHub Copilot (VS Code)', '0.30'],
    ['Anthropic/JS 0.94.0', { 'x-interaction-type': 'conversation-user' }, 'GitHub Copilot (CLI)', null],
    ['x', { originator: 'kilo-code' }, 'Kilo Code', null],
    ['Roo-Code/3.1', {}, 'Roo Code', '3.1'],
    ['Zed/0.200', {}, 'Zed', '0.200'],
    ['Charm Crush/0.96', {}, 'Crush', '0.96'],
    ['whatever', { 'x-cursor-client-version': '3' }, 'Cursor', null],
    ['Anthropic/JS 1.11.0', {}, 'Anthropic SDK', '1.11.0'],
    ['Anthropic/Python 0.50.1', {}, 'Anthropic SDK', '0.50.1'],
    ['OpenAI/JS 7.55.0', {}, 'OpenAI SDK', '7.55.0'],
    ['google-genai-sdk/3.1.0 gl-node/26', {}, 'Google Gen AI SDK', '3.1.0'],
    ['ai-sdk-anthropic/4.0.105', {}, 'Vercel AI SDK', '4.0.105'],
    ['ai-sdk/openai-compatible/3.0.37 runtime/bun', {}, 'Vercel AI SDK', '3.0.37'],
    ['ai/7.0.173', {}, 'Vercel AI SDK', '7.0.173'],
    ['', {}, 'Unknown', null],
  ]
  for (const [userAgent, headers, client, version] of cases) {
    expect([known(userAgent, headers).client, known(userAgent, headers).clientVersion], userAgent).toEqual([
      client,
      version,
    ])
  }
  expect(recogniseClient({}, none)).toMatchObject({ client: 'Unknown', userAgent: null })
})

test('a session comes from the header, else from the body', () => {
  const agent = 'claude-cli/2.1.329 (external, cli)'
  expect(known(agent, { 'x-claude-code-session-id': ' s1 ' }, 's2').clientSessionId).toBe('s1')
  expect(known(agent, { 'x-claude-code-session-id': '  ' }, 's2').clientSessionId).toBe('s2')
  expect(known(agent).clientSessionId).toBeNull()
  expect(known('codex_exec/0.1', { 'session-id': 'a', session_id: 'b' }).clientSessionId).toBe('a')
  expect(known('codex_exec/0.1', { session_id: 'b' }).clientSessionId).toBe('b')
  expect(known('codex_exec/0.1', {}, 'c').clientSessionId).toBe('c')
  expect(known('OpenAI/JS 7.55.0', {}, 'd').clientSessionId).toBe('d')
  expect(known('opencode/1.0', { 'x-session-affinity': 'ses_1' }).clientSessionId).toBe('ses_1')
  expect(known('GeminiCLI/1', { 'x-session-id': 'x' }).clientSessionId).toBeNull()
})

test('sub-agents of Codex are told from the thread that a person leads', () => {
  const thread = { 'session-id': 's', 'thread-id': 't1' }
  expect(known('codex_exec/0.1', thread)).toMatchObject({ clientSessionId: 's', agentId: null, parentAgentId: null })
  const spawned = { ...thread, 'thread-id': 't2', 'x-codex-parent-thread-id': 't1' }
  expect(known('codex_exec/0.1', spawned)).toMatchObject({ clientSessionId: 's', agentId: 't2', parentAgentId: 't1' })
})

test('sub-agents of Claude Code are told apart', () => {
  const headers = { 'x-claude-code-agent-id': 'a1', 'x-claude-code-parent-agent-id': 'a0' }
  expect(known('claude-cli/2.1.329', headers)).toMatchObject({ agentId: 'a1', parentAgentId: 'a0' })
  expect(known('curl/8', headers)).toMatchObject({ agentId: null, parentAgentId: null })
})

test('what a client says of itself is bounded and free of control characters', () => {
  const facts = known(`claude-cli/${'9'.repeat(500)} \u0007${'x'.repeat(2000)}`, {
    'x-claude-code-session-id': `a\u0000\u001b[31m${'b'.repeat(1000)}`,
  })
  expect(facts.userAgent!.length).toBeLessThanOrEqual(500)
  expect(facts.clientVersion!.length).toBeLessThanOrEqual(50)
  expect(facts.clientSessionId!.length).toBeLessThanOrEqual(200)
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(JSON.stringify(facts)).not.toMatch(/\\u00[01]/)
})
