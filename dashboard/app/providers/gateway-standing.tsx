import type { AiGatewayStanding, AiKeyRest, AiKeyStanding, AiModelStanding } from '@reeve/sdk'
import { Time } from '../ui/facts.tsx'
import { plural } from '../ui/format.ts'
import { GatewayName, KeyName, KeyState, ModelName, ModelState } from './standing-words.tsx'

/** What one gateway has found out about a provider, in full. */
export function GatewayStanding({ gateway: { host, process, seen_at, standing } }: { gateway: AiGatewayStanding }) {
  return (
    <li className="space-y-1 border-l-2 border-line pl-3">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h4 className="wrapped min-w-0 font-medium">
          <GatewayName of={{ host, process }} />
        </h4>
        {standing !== null && <span>{plural(standing.requests, 'request')} in flight</span>}
        <span className="text-muted">
          as of <Time at={seen_at} />
        </span>
      </div>
      {standing === null ? (
        <p className="text-muted">It says nothing of this provider: it does not have it, or is of an older release.</p>
      ) : (
        <ul className="space-y-1">
          {standing.keys.map((key) => (
            <Key key={key.id} of={key} />
          ))}
          {standing.models.map((model, index) => (
            <Model key={index} of={model} />
          ))}
          {standing.left_out > 0 && (
            <li className="text-muted">
              {plural(standing.left_out, 'more line', 'more lines')} like these {standing.left_out === 1 ? 'is' : 'are'}{' '}
              left out
            </li>
          )}
        </ul>
      )}
    </li>
  )
}

function Key({ of: { id, masked, state, used_at, rests } }: { of: AiKeyStanding }) {
  return (
    <li>
      <div className="flex flex-wrap items-center gap-x-3">
        <span className="wrapped min-w-0">
          <KeyName of={{ id, masked }} />
          {masked === '' && ' (only this gateway has it)'}
        </span>
        <KeyState state={state} />
        <span className="text-muted">
          {used_at === null ? (
            'not used since the gateway was started'
          ) : (
            <>
              used <Time at={used_at} />
            </>
          )}
        </span>
      </div>
      {rests.length > 0 && (
        <ul className="pl-4 text-muted">
          {rests.map((rest, index) => (
            <Rest key={index} of={rest} />
          ))}
        </ul>
      )}
    </li>
  )
}

const why: Readonly<Record<AiKeyRest['state'], readonly [because: string, so: string]>> = {
  limited: ['the provider answered 429 and until when', 'not asked with'],
  busy: ['the provider answered 429', 'the other keys go first'],
  refused: ['the provider answered 401, it does not take the key', 'not tried again'],
}

function Rest({ of: { model, state, until } }: { of: AiKeyRest }) {
  const [because, so] = why[state]
  return (
    <li className="wrapped">
      {state} with <ModelName model={model} /> ({because}): {so} until <Time at={until} />
    </li>
  )
}

function Model({ of: { model, state, until } }: { of: AiModelStanding }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3">
      <span className="wrapped min-w-0">
        Model <ModelName model={model} />
      </span>
      <ModelState state={state} />
      <span className="text-muted">
        {until === null ? (
          'with a few requests, after it failed again and again (breaker half open)'
        ) : (
          <>
            until <Time at={until} />, because it failed again and again (breaker open)
          </>
        )}
      </span>
    </li>
  )
}
