import type { Clock } from '@reeve/base'
import { Fault } from '@reeve/base'
import { type CompiledPolicy, compilePolicy, parsePolicy, type PolicyLayer } from '@reeve/policy'
import type { PolicyName } from './audit/event.ts'
import { policyName } from './audit/recorder.ts'
import type { Bundle } from './control/answers.ts'
import type { Timers } from './timers.ts'

/** The policy that everything is decided by; replaced whole when another one comes. */
export interface Standing {
  readonly current: CompiledPolicy
  /** Its time is over and no newer one came: nothing is allowed. */
  readonly expired: boolean
  onChange(listener: () => void): void
}

/**
 * What is in force: the layers of the control plane, the widest first, and behind them the policy of this machine, which
 * can take away and cannot give. Where there is no control plane, or it has no policy for this user, that of the machine
 * alone. Where there is neither, nothing is allowed.
 */
export interface PolicyInForce extends Standing, Disposable {
  /** Of the narrowest layer, for the start line and for what no rule is named in. */
  readonly name: PolicyName | null
  readonly rules: number
  /** Throws where a layer cannot be read, and keeps what was in force. */
  apply(bundle: Bundle): void
}

/** The longest that a timer can wait. */
const timerMsMax = 2 ** 31 - 1

export function createPolicyInForce(options: {
  readonly local: PolicyLayer | null
  readonly clock: Clock
  readonly timers: Timers
}): PolicyInForce {
  const { local, clock, timers } = options
  const listeners: (() => void)[] = []
  let layers: readonly PolicyLayer[] = local === null ? [] : [local]
  let current = compilePolicy(layers)
  let expired = false
  let cancel = () => {}

  function put(next: readonly PolicyLayer[], isExpired: boolean): void {
    current = compilePolicy(isExpired ? [] : next)
    layers = next
    expired = isExpired
    for (const listener of listeners) listener()
  }

  function expireAt(notAfter: Date): void {
    cancel()
    const ms = notAfter.getTime() - clock.now().getTime()
    cancel = timers.after(Math.min(Math.max(0, ms), timerMsMax), () => {
      if (clock.now() >= notAfter) put(layers, true)
      else expireAt(notAfter)
    })
  }

  return {
    get current() {
      return current
    },
    get expired() {
      return expired
    },
    get name() {
      return policyName(layers.findLast(({ grant }) => grant !== true)?.label)
    },
    get rules() {
      return layers.reduce((sum, { document }) => sum + document.network.rules.length + document.commands.length, 0)
    },
    onChange: (listener) => void listeners.push(listener),
    apply(bundle) {
      const central = bundle.layers.map(readLayer)
      const grants = central.filter(({ grant }) => grant === true)
      const binding = central.filter(({ grant }) => grant !== true)
      put([...binding, ...(local === null ? [] : [local]), ...grants], false)
      expireAt(bundle.notAfter)
    },
    [Symbol.dispose]: () => cancel(),
  }
}

function readLayer({ scope, name, version, document }: Bundle['layers'][number]): PolicyLayer {
  const label = `${name}@v${version}`
  const { policy, problems } = parsePolicy(document)
  if (policy !== null) return { label, document: policy, grant: scope === 'grant' }
  const error = problems.find(({ level }) => level === 'error')
  throw new Fault(
    'invalid',
    `the policy ${label} of the control plane cannot be read: ${error?.message ?? 'it is empty'}`,
    {
      fix: 'this boundary may be older than the policy language that is used there',
    },
  )
}
