import type { AgentAppHealth, AgentManifest } from '@reeve/sdk'

type App = AgentManifest['apps'][number]

/** Whether an app answers at all. */
export type Probe = (url: string, timeoutMs: number, signal: AbortSignal) => Promise<boolean>

export const httpProbe: Probe = async (url, timeoutMs, signal) => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) })
    await answer.body?.cancel()
    return answer.status < 500
  } catch {
    return false
  }
}

/**
 * The health of an app, from one probe to the next:
 *
 *   initializing ──▶ healthy ◀──▶ unhealthy
 *         └───────────────────────▶ unhealthy
 *
 * It becomes unhealthy with as many failures in a row as its template says, and healthy with the first success.
 */
export function nextHealth(
  { health, failures }: { readonly health: AgentAppHealth; readonly failures: number },
  answered: boolean,
  threshold: number,
): { health: AgentAppHealth; failures: number } {
  if (answered) return { health: 'healthy', failures: 0 }
  return { health: failures + 1 >= threshold ? 'unhealthy' : health, failures: failures + 1 }
}

/** Probes the apps that say how until the signal aborts, and tells each change. */
export function watchApps(
  apps: readonly App[],
  options: {
    readonly probe: Probe
    readonly signal: AbortSignal
    readonly tell: (slug: string, health: AgentAppHealth) => void
  },
): void {
  const { probe, signal, tell } = options
  for (const { slug, healthcheck } of apps) {
    if (healthcheck === null) continue
    const everyMs = Math.max(healthcheck.interval_seconds, 1) * 1_000
    let state: ReturnType<typeof nextHealth> = { health: 'initializing', failures: 0 }
    tell(slug, state.health)
    void repeat(everyMs, signal, async () => {
      const before = state.health
      state = nextHealth(state, await probe(healthcheck.url, everyMs, signal), healthcheck.threshold)
      if (state.health !== before && !signal.aborted) tell(slug, state.health)
    })
  }
}

/** The work, and again that long after it is done, until the signal aborts. 0: once. */
export async function repeat(everyMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work()
    if (everyMs === 0 || signal.aborted) return
    await pause(everyMs, signal)
  }
}

/** Until that long has passed, or the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
