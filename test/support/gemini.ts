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
  configureGemini(run.home)
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

/** It asks for a way to sign in, and sends figures of its use, unless it was told before. */
export function configureGemini(home: string): void {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    // Its cleaning at the start takes a conversation that is just being loaded for one that holds nothing (0.61.0).
    general: { sessionRetention: { enabled: false } },
  }
  mkdirSync(join(home, '.gemini'), { recursive: true })
  writeFileSync(join(home, '.gemini/settings.json'), JSON.stringify(settings))
}
