import type { AiGatewayStanding, AiKeyStanding, AiModelStanding } from '@reeve/sdk'
import { Check } from 'lucide-react'
import { State } from '../ui/facts.tsx'
import { plural } from '../ui/format.ts'
import { GatewayName, KeyName, KeyState, ModelName, ModelState } from './standing-words.tsx'

/** So many things that rest are named; gateways may tell of any number of models. */
const namedMax = 8

/** A key or a model that not every gateway simply asks with or for, and the gateways that do not. */
interface Resting {
  readonly what: AiKeyStanding | AiModelStanding
  readonly gateways: readonly AiGatewayStanding[]
}

/** Several gateways in a few lines: how many, what rests, and at which of them. */
export function StandingSummary({ gateways }: { gateways: readonly AiGatewayStanding[] }) {
  const telling = gateways.filter(({ standing }) => standing !== null)
  const requests = telling.reduce((sum, { standing }) => sum + (standing?.requests ?? 0), 0)
  const resting = restingAt(telling)
  const untold = telling.reduce((sum, { standing }) => sum + (standing?.left_out ?? 0), 0)
  const silent = gateways.length - telling.length
  const silence =
    telling.length === 0 ? 'none says anything' : silent === 1 ? '1 says nothing' : `${silent} say nothing`
  const more = resting.length - namedMax
  return (
    <div className="space-y-1">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <span className="font-medium">{plural(gateways.length, 'gateway')}</span>
        {telling.length > 0 && <span>{plural(requests, 'request')} in flight</span>}
        {telling.length > 0 && resting.length === 0 && (
          <State tone="text-ok" icon={<Check size={14} aria-hidden />}>
            nothing rests
          </State>
        )}
        {silent > 0 && <span className="text-muted">{silence} of this provider</span>}
      </div>
      {resting.length > 0 && (
        <ul className="space-y-1">
          {resting.slice(0, namedMax).map((one) => (
            <RestingAt key={keyOf(one.what)} of={one} among={telling.length} />
          ))}
          {more + untold > 0 && (
            <li className="text-muted">
              {more > 0 && `${plural(more, 'more key or model', 'more keys and models')} below`}
              {more > 0 && untold > 0 && ', '}
              {untold > 0 && `${plural(untold, 'line')} left out by the gateways`}
            </li>
          )}
        </ul>
      )}
    </div>
  )
}

function RestingAt({ of: { what, gateways }, among }: { of: Resting; among: number }) {
  const [only] = gateways
  return (
    <li className="flex flex-wrap items-center gap-x-3">
      <span className="wrapped min-w-0">
        {'masked' in what ? (
          <KeyName of={what} />
        ) : (
          <>
            Model <ModelName model={what.model} />
          </>
        )}
      </span>
      {'masked' in what ? <KeyState state={what.state} /> : <ModelState state={what.state} />}
      <span className="wrapped min-w-0 text-muted">
        at{' '}
        {gateways.length === among ? (
          'every gateway'
        ) : gateways.length === 1 && only !== undefined ? (
          <GatewayName of={only} />
        ) : (
          `${gateways.length} of ${among} gateways`
        )}
      </span>
    </li>
  )
}

const states = ['half_open', 'busy', 'limited', 'open', 'refused'] as const

/** Each as it does where it does worst; keys first, in the order in which they are asked with. */
function restingAt(gateways: readonly AiGatewayStanding[]): Resting[] {
  const found = new Map<string, { what: Resting['what']; gateways: AiGatewayStanding[] }>()
  const add = (gateway: AiGatewayStanding, what: Resting['what']): void => {
    const known = found.get(keyOf(what))
    if (known === undefined) return void found.set(keyOf(what), { what, gateways: [gateway] })
    // Two long names of models may begin alike, and be told alike.
    if (known.gateways.at(-1) !== gateway) known.gateways.push(gateway)
    if (gradeOf(what) > gradeOf(known.what)) known.what = what
  }
  for (const gateway of gateways) {
    for (const key of gateway.standing?.keys ?? []) if (key.state !== 'usable') add(gateway, key)
  }
  for (const gateway of gateways) for (const model of gateway.standing?.models ?? []) add(gateway, model)
  return [...found.values()]
}

const keyOf = (what: Resting['what']): string => ('masked' in what ? `key ${what.id}` : `model ${what.model}`)
const gradeOf = ({ state }: Resting['what']): number => states.findIndex((one) => one === state)
