import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installAgents } from './agents.ts'
import { type AgentEnded, runAgent } from './run-agent.ts'

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

/** The real Codex, once. Its lines begin with one of type `thread.started`, which names the conversation. */
export async function runCodex(run: CodexRun): Promise<AgentEnded & { readonly threadId: string }> {
  const { bin } = await installAgents()
  const provider = [
    '[model_providers.reeve]',
    'name = "Reeve"',
    `base_url = ${JSON.stringify(run.baseUrl)}`,
    'env_key = "REEVE_TOKEN"',
    'wire_api = "responses"',
    ...(run.provider ?? []),
  ]
  mkdirSync(join(run.home, '.codex'), { recursive: true })
  writeFileSync(join(run.home, '.codex/config.toml'), `${quiet}${provider.join('\n')}\n`)
  const resume = run.resume === undefined ? [] : ['resume', run.resume]
  const ended = await runAgent({
    program: join(bin, 'codex'),
    args: ['exec', '--json', '--skip-git-repo-check', '-m', run.model ?? 'gpt-5.5', ...resume, run.prompt],
    home: run.home,
    env: { REEVE_TOKEN: run.token, TERM: 'dumb' },
  })
  const started = ended.lines.find((line) => line.type === 'thread.started')
  if (started === undefined) throw new Error(`Codex began nothing (${ended.code})\n${ended.stdout}\n${ended.stderr}`)
  return { ...ended, threadId: started.thread_id }
}
