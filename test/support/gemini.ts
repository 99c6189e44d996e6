import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installAgents } from './agents.ts'
import { type AgentEnded, runAgent } from './run-agent.ts'

export interface GeminiRun {
  /** What the bridge's provider is reached at. */
  readonly baseUrl: string
  readonly token: string
  readonly prompt: string
  readonly home: string
  readonly args?: readonly string[]
}

/** The real Gemini CLI, once. */
export async function runGemini(run: GeminiRun): Promise<AgentEnded> {
  const { bin } = await installAgents()
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
  }
  mkdirSync(join(run.home, '.gemini'), { recursive: true })
  writeFileSync(join(run.home, '.gemini/settings.json'), JSON.stringify(settings))
  const args = ['-p', run.prompt, '--yolo', '--skip-trust', '-o', 'stream-json', '-m', 'gemini-2.5-pro']
  return runAgent({
    program: process.execPath,
    args: [join(bin, 'gemini.js'), ...args, ...(run.args ?? [])],
    home: run.home,
    env: {
      GEMINI_API_KEY: run.token,
      GOOGLE_GEMINI_BASE_URL: run.baseUrl,
      // Else it starts itself once more, with more memory than the test has use for.
      GEMINI_CLI_NO_RELAUNCH: '1',
    },
  })
}
