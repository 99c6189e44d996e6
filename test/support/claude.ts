import { join } from 'node:path'
import { installAgents } from './agents.ts'
import type { Row } from './record.ts'
import { type Behind, runAgent } from './run-agent.ts'

export interface ClaudeRun {
  /** What the bridge's provider is reached at. */
  readonly baseUrl: string
  readonly token: string
  readonly prompt: string
  /** HOME and working directory: one folder for one person. */
  readonly home: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly behind?: Behind
}

export interface ClaudeResult {
  readonly code: number | null
  /** The lines of `--output-format stream-json`. */
  readonly lines: readonly Row[]
  /** The last line: what Claude Code says came of it. */
  readonly result: Row
  readonly sessionId: string
  readonly stderr: string
}

/** The real Claude Code, once, without a terminal, in an environment that knows nothing but the bridge. */
export async function runClaude(run: ClaudeRun): Promise<ClaudeResult> {
  const { bin } = await installAgents()
  const args = ['-p', run.prompt, '--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions']
  const { code, lines, stdout, stderr } = await runAgent({
    program: join(bin, 'claude'),
    args: [...args, ...(run.args ?? [])],
    home: run.home,
    behind: run.behind,
    env: {
      ANTHROPIC_BASE_URL: run.baseUrl,
      ANTHROPIC_API_KEY: run.token,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      // It may run as root here: there is nothing else in this home.
      IS_SANDBOX: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
      ...run.env,
    },
  })
  const result = lines.findLast((line) => line.type === 'result')
  if (result === undefined) throw new Error(`Claude Code gave no result (${code})\n${stdout}\n${stderr}`)
  return { code, lines, result, sessionId: result.session_id, stderr }
}
