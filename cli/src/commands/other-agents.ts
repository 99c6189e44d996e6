/**
 * The agents that `reeve connect` knows beside Claude Code: the provider that each speaks with by default, the variables
 * that say where and with what, and where its kind of API lists models. Codex and opencode are told the address in
 * another way; their variable is there for `reeve connect check`. Last, which files `--write` is for.
 */
export const otherAgents = [
  {
    name: 'codex',
    title: 'Codex',
    provider: 'openai',
    example: 'codex',
    address: 'REEVE_CODEX_BASE_URL',
    token: 'REEVE_CODEX_TOKEN',
    models: '/models',
    files: '$CODEX_HOME/config.toml, by default ~/.codex/config.toml',
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    provider: 'gemini',
    example: 'gemini -m gemini-2.5-pro',
    address: 'GOOGLE_GEMINI_BASE_URL',
    token: 'GEMINI_API_KEY',
    models: '/v1beta/models?pageSize=1',
    files: '~/.gemini/settings.json and ~/.gemini/.env',
  },
  {
    name: 'opencode',
    title: 'opencode',
    provider: 'openai',
    example: 'opencode run -m reeve/gpt-5.5 hello',
    address: 'REEVE_OPENCODE_BASE_URL',
    token: 'REEVE_OPENCODE_TOKEN',
    models: '/models',
    files: '~/.config/opencode/opencode.json, or opencode.jsonc where there is one',
  },
] as const

export type OtherAgent = (typeof otherAgents)[number]['name']

/** What opencode calls a provider. The models are those that it offers until somebody names others. */
export const opencodeProvider = (baseURL: string, apiKey: string) => ({
  npm: '@ai-sdk/openai-compatible',
  name: 'Reeve',
  options: { baseURL, apiKey },
  models: { 'gpt-5.5': {}, 'scripted-1': {} },
})
