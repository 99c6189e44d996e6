import type { AiGatewayStanding, AiKeyRest, AiKeyStanding, AiModelStanding } from '@reeve/sdk'
import { ago, showInstant } from '../instants.ts'
import type { Screen } from '../output/answer.ts'
import { visibleLine } from '../output/visible.ts'

/** How a provider does at each gateway, in words: each gateway finds it out for itself, so they may differ. */
export function* standingWords(gateways: readonly AiGatewayStanding[], screen: Screen): Generator<string> {
  if (gateways.length === 0) yield '\nno gateway is running: none was heard of for 20 seconds\n'
  for (const { host, process, seen_at, standing } of gateways) {
    const told = `as of ${showInstant(seen_at, screen)}`
    yield `\n${screen.style.bold(visibleLine(`gateway ${host} (process ${process})`))}, ${told}\n`
    if (standing === null) {
      yield '  says nothing of this provider: it does not have it, or is of an older release\n'
      continue
    }
    const { requests, keys, models, left_out } = standing
    yield `  ${requests === 1 ? '1 request' : `${requests} requests`} in flight\n`
    for (const key of keys) yield* keyWords(key, screen)
    for (const model of models) yield modelWords(model, screen)
    if (left_out > 0)
      yield `  ${left_out === 1 ? '1 more line like these is' : `${left_out} more lines like these are`} left out\n`
  }
}

function* keyWords({ id, masked, state, used_at, rests }: AiKeyStanding, screen: Screen): Generator<string> {
  const name = masked === '' ? `${id} (only this gateway has it)` : masked
  const used = used_at === null ? 'not used since the gateway was started' : `used ${instant(used_at, screen)}`
  const word = state === 'usable' ? screen.style.green(state) : screen.style.yellow(state)
  yield `  key ${visibleLine(name)}: ${word}, ${used}\n`
  for (const rest of rests) yield `    ${restWords(rest, screen)}\n`
}

const why: Readonly<Record<AiKeyRest['state'], readonly [because: string, so: string]>> = {
  limited: ['the provider answered 429 and until when', 'not asked with'],
  busy: ['the provider answered 429', 'the other keys go first'],
  refused: ['the provider answered 401, it does not take the key', 'not tried again'],
}

function restWords({ model, state, until }: AiKeyRest, screen: Screen): string {
  const [because, so] = why[state]
  return `${state} with ${named(model)} (${because}): ${so} ${lasting(until, screen)}`
}

function modelWords({ model, state, until }: AiModelStanding, screen: Screen): string {
  const { red, yellow } = screen.style
  const so =
    state === 'open'
      ? `${red('left alone')} (breaker open) ${lasting(until ?? '', screen)}: it failed again and again`
      : `${yellow('being tried')} (breaker half open) with a few requests: it had failed again and again`
  return `  model ${named(model)}: ${so}\n`
}

const named = (model: string): string => (model === '' ? 'requests that name no model' : visibleLine(model))

const isRelative = ({ width, timeZone }: Screen): boolean => width !== null && timeZone === undefined

function instant(at: string, screen: Screen): string {
  return isRelative(screen) ? showInstant(at, screen) : `at ${showInstant(at, screen)}`
}

/** What was to come when the gateway told it may be past by now. */
function lasting(at: string, screen: Screen): string {
  if (!isRelative(screen)) return `until ${showInstant(at, screen)}`
  const left = ago(new Date(at), screen.now)
  return left.startsWith('in ') ? `for another ${left.slice('in '.length)}` : 'until now'
}
