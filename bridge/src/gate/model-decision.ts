import { toError } from '@reeve/base'
import type { Denial, Policy } from '../policy.ts'
import type { Decision, StartFacts } from '../recorder.ts'
import type { GatekeeperParts } from './gatekeeper.ts'
import type { Refusal } from '../wire/wire-format.ts'
import { readerOf } from '../wire/readers.ts'

/** A no to the model that a request names: what the client is told, and what is on record of it. */
export interface ModelDenied {
  readonly refusal: Refusal & { readonly reason: 'denied' }
  readonly decision: Decision
}

/** Null when the request may be sent on. A policy that fails says no. */
export function denyModel(
  policy: Policy,
  { actor, providerName, model, client, route }: StartFacts,
  { clock, log, observe }: Pick<GatekeeperParts, 'clock' | 'log' | 'observe'>,
): ModelDenied | null {
  if (readerOf(route) === null) return null
  const denial = ask()
  if (denial === null) return null
  observe({ kind: 'decided', providerName, subject: 'model', allowed: false, heldMs: 0 })
  return {
    refusal: { reason: 'denied', message: denial.message },
    decision: {
      at: clock.now(),
      subject: 'model',
      name: model,
      toolCallId: null,
      allowed: false,
      rule: denial.rule,
      heldMs: 0,
    },
  }

  function ask(): Denial | null {
    try {
      return policy.model({ actor, providerName, model, client })
    } catch (thrown) {
      log.error({ error: toError(thrown).message }, 'the policy could not say whether a model may be asked')
      return undecided
    }
  }
}

const undecided: Denial = {
  rule: 'rules that cannot be read',
  message: 'Reeve cannot tell at the moment whether this model may be asked. Ask your administrator.',
}
