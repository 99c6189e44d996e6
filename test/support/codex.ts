import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installAgents } from './agents.ts'
import { type AgentEnded, type Behind, runAgent } from './run-agent.ts'

export interface CodexRun {
  /** What the bridge's provider is reached at. */
  readonly baseUrl: string
  readonly token: string
  readonly prompt: string
  readonly home: string
  readonly model?: string
  /** More lines for the table of the model provider. */
  readonly provider?: readonly string[]
  /** A conversation to go on with. */
  readonly resume?: string
  readonly behind?: Behind
}

/** Without these it asks its maker for updates, plugins and more. */
const quiet = `model_provider = "reeve"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
web_search = "disabled"
[analytics]
enabled = false
[features]
plugins = false
apps = false
`

interface CodexProvider {
  readonly baseUrl: string
  /** The variable that its key stands in. */
  readonly key: string
  readonly provider?: readonly string[]
}

/** Has the Codex of this home ask one provider, and nobody else anything. */
export function configureCodex(home: string, { baseUrl, key, provider = [] }: CodexProvider): void {
  const table = [
    '[model_providers.reeve]',
    'name = "Reeve"',
    `base_url = ${JSON.stringify(baseUrl)}`,
    `env_key = ${JSON.stringify(key)}`,
    'wire_api = "responses"',
    ...provider,
  ]
  mkdirSync(join(home, '.codex'), { recursive: true })
  writeFileSync(join(home, '.codex/config.toml'), `${quiet}${table.join('\n')}\n`)
}

/** The real Codex, once. Its lines begin with one of type `thread.started`, which names the conversation. */
export async function runCodex(run: CodexRun): Promise<AgentEnded & { readonly threadId: string }> {
  const { bin } = await installAgents()
  configureCodex(run.home, { baseUrl: run.baseUrl, key: 'GATEWAY_TOKEN', provider: run.provider ?? [] })
  const resume = run.resume === undefined ? [] : ['resume', run.resume]
  const ended = await runAgent({
    program: join(bin, 'codex'),
    args: ['exec', '--json', '--skip-git-repo-check', '-m', run.model ?? 'gpt-5.5', ...resume, run.prompt],
    home: run.home,
    behind: run.behind,
    env: { GATEWAY_TOKEN: run.token, TERM: 'dumb' },
  })
  const started = ended.lines.find((line) => line.type === 'thread.started')
  if (started === undefined) throw new Error(`Codex began nothing (${ended.code})\n${ended.stdout}\n${ended.stderr}`)
  return { ...ended, threadId: started.thread_id }
}
