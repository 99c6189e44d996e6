/** The agents that `reeve connect` knows beside Claude Code, and the provider that each speaks with by default. */
export const otherAgents = [
  { name: 'codex', title: 'Codex', provider: 'openai', example: 'codex' },
  { name: 'gemini', title: 'Gemini CLI', provider: 'gemini', example: 'gemini -m gemini-2.5-pro' },
  { name: 'opencode', title: 'opencode', provider: 'openai', example: 'opencode run -m reeve/gpt-5.5 hello' },
] as const

export type OtherAgent = (typeof otherAgents)[number]['name']
