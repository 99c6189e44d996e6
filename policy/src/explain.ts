import type { CompiledLayer, CompiledPolicy } from './compile.ts'
import { decideRequest, type Difference, requestDiffers } from './decide.ts'
import type { RequestDecision, WebRequest } from './decision.ts'
import { readings } from './path.ts'

export interface CheckedRule {
  readonly rule: string
  /** The layer: `claude-task@v17`. */
  readonly policy: string
  readonly effect: 'allow' | 'deny' | 'ask'
  /** The first thing in which rule and request differ; null where the rule fits. */
  readonly differs: Difference | null
}

const nearness: readonly (Difference | null)[] = [null, 'expired', 'process', 'path', 'method', 'port', 'host']

/** The decision, and the rules that were looked at for it: those that came closest first, at most `max`. */
export function explainRequest(
  policy: CompiledPolicy,
  request: WebRequest,
  now: Date,
  max = 50,
): { readonly decision: RequestDecision; readonly checked: readonly CheckedRule[] } {
  const ways = readings(request.path) ?? []
  const checked = [...policy.layers, ...policy.grants].flatMap((layer) =>
    checkLayer(layer, request, ways, now.getTime()),
  )
  checked.sort((a, b) => nearness.indexOf(a.differs) - nearness.indexOf(b.differs))
  return { decision: decideRequest(policy, request, now), checked: checked.slice(0, max) }
}

function checkLayer(
  layer: CompiledLayer,
  request: WebRequest,
  ways: readonly (readonly string[])[],
  nowMs: number,
): readonly CheckedRule[] {
  const about = new Set(layer.rules.about(request.host).map(({ compiled }) => compiled))
  return layer.rules.rules.map((one) => ({
    rule: one.rule.id,
    policy: layer.label,
    effect: one.rule.effect,
    differs: about.has(one) ? requestDiffers(one, request, ways, nowMs) : 'host',
  }))
}
