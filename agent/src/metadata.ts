import type { Clock } from '@reeve/base'
import type { AgentFrame, AgentManifest } from '@reeve/sdk'
import { repeat } from './app-health.ts'
import { runScript } from './run-script.ts'

type Fact = Extract<AgentFrame, { kind: 'metadata' }>['items'][number]

interface Collecting {
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly tell: (fact: Fact) => void
}

const linesMax = 100
const charsMax = 2_000

/** Runs the script of each item at its interval, and tells what it said, until the signal aborts. */
export function collectMetadata(items: AgentManifest['metadata'], options: Collecting): void {
  const { env, directory, signal, clock, tell } = options
  for (const { key, script, interval_seconds: interval, timeout_seconds: timeout } of items) {
    void repeat(interval * 1_000, signal, async () => {
      const said: string[] = []
      const timeoutMs = (timeout || Math.max(interval, 1)) * 1_000
      const onLine = (_: string, line: string): void => void (said.length < linesMax && said.push(line))
      const { status } = await runScript({ script, env, directory, timeoutMs, signal, onLine })
      if (signal.aborted) return
      const text = said.join('\n').trim().slice(0, charsMax).toWellFormed()
      const isWell = status === 'ok' || status === 'pipes_left_open'
      const fact = isWell ? { value: text, error: '' } : { value: '', error: `${status}: ${text}` }
      tell({ key, ...fact, collected_at: clock.now().toISOString() })
    })
  }
}
