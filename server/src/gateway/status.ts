import type { Capture, endpoints } from '@reeve/sdk'
import type { Offered } from '../providers/offered.ts'

/** What the status endpoint answers. */
export type BridgeStatus = ReturnType<(typeof endpoints)['getBridgeStatus']['result']['parse']>

export function bridgeStatus(
  { enabled, capture }: { readonly enabled: boolean; readonly capture: Capture },
  providers: ReadonlyMap<string, Offered>,
  journal: BridgeStatus['journal'],
): BridgeStatus {
  return {
    enabled,
    capture,
    providers: [...providers].map(([name, { provider, baseUrl, scripted, missing }]) => ({
      name,
      type: provider.type,
      base_url: baseUrl,
      ready: missing === null,
      scripted,
      detail: missing ?? (scripted ? 'Answers from a script built into Reeve; no model is asked.' : ''),
    })),
    journal,
  }
}
