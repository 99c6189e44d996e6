import type { CompiledLayer, CompiledPolicy } from './compile.ts'
import type { Decision } from './decision.ts'

/** A rule that fits, and what of it is known everywhere. */
export interface Fit {
  readonly id: string
  readonly reason: string | null
}

/** What one layer says to one act: the closest rule of each effect that fits. */
export interface Said<F extends Fit> {
  readonly deny: F | null
  readonly ask: F | null
  readonly allow: F | null
  /** A rule of it hands the act's host to the layers below. */
  readonly extendable: boolean
}

/** How the layers came to it: the rules that allowed, or would where it was asked, and the layer that each stands in. */
export interface Layered<F extends Fit> {
  readonly decision: Decision
  readonly allowing: readonly { readonly layer: CompiledLayer; readonly fit: F }[]
  readonly granted: boolean
}

/**
 * An explicit deny of any layer, then an approved request, then the strictest of what the layers say: nothing (where a
 * layer does not inherit), ask, allow.
 */
export function decideLayered<F extends Fit>(
  policy: CompiledPolicy,
  say: (layer: CompiledLayer) => Said<F>,
): Layered<F> {
  const said = policy.layers.map((layer) => ({ layer, says: say(layer) }))
  for (const { layer, says } of said) {
    if (says.deny !== null) return outcome('deny', layer, says.deny)
  }
  for (const layer of policy.grants) {
    const { allow } = say(layer)
    if (allow !== null) {
      return { ...outcome('allow', layer, allow), allowing: [{ layer, fit: allow }], granted: true }
    }
  }
  const silent = said.find(({ layer, says }, at) => {
    if (says.ask !== null || says.allow !== null || layer.document.network.default === 'inherit') return false
    return !(says.extendable && said.slice(at + 1).some(({ says: below }) => (below.ask ?? below.allow) !== null))
  })
  if (silent !== undefined) return nothing(silent.layer)
  for (const { layer, says } of said) {
    // What was asked about goes as the rules say by which it goes, once it is approved.
    if (says.ask !== null) return { ...outcome('ask', layer, says.ask), allowing: fitting(said) }
  }
  const allowing = said.flatMap(({ layer, says }) => (says.allow === null ? [] : [{ layer, fit: says.allow }]))
  const narrowest = allowing.at(-1)
  if (narrowest === undefined) return nothing(policy.layers[0] ?? null)
  return { ...outcome('allow', narrowest.layer, narrowest.fit), allowing }
}

const fitting = <F extends Fit>(said: readonly { readonly layer: CompiledLayer; readonly says: Said<F> }[]) =>
  said.flatMap(({ layer, says }) => {
    const fit = says.ask ?? says.allow
    return fit === null ? [] : [{ layer, fit }]
  })

const outcome = <F extends Fit>(effect: Decision['effect'], layer: CompiledLayer, fit: F): Layered<F> => ({
  decision: { effect, rule: fit.id, policy: layer.label, reason: 'rule', hint: fit.reason },
  allowing: [],
  granted: false,
})

const nothing = (layer: CompiledLayer | null): Layered<never> => ({
  decision: { effect: 'deny', rule: 'default', policy: layer?.label ?? 'none', reason: 'no-matching-rule', hint: null },
  allowing: [],
  granted: false,
})
