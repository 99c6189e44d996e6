import { Fault } from '@reeve/base'
import { actLine, reasonText, type CheckedRule, type Denial, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { longInstant } from '../instants.ts'
import { type Answer, one, type Screen } from '../output/answer.ts'
import { visibleLine } from '../output/visible.ts'

/** So many rules are shown unless all are asked for. */
const nearest = 3

/** Accepts what people copy: with spaces around it, or the address of the console. */
export function denialId(given: string): string {
  const found = /dny_[0-9A-Za-z]{26}(?![0-9A-Za-z])/.exec(given)?.[0]
  if (found !== undefined) return found
  throw new Fault('invalid', `"${given}" is no id of a denial`, { fix: 'it is dny_ and 26 letters and digits' })
}

export async function explain(
  context: Context,
  input: { readonly denial: string; readonly rules: boolean },
): Promise<Answer> {
  const client = await context.client()
  const params = { denial: denialId(input.denial) }
  const found = await client.call(endpoints.getDenial, { params, signal: context.io.signal })
  const url = await context.url()
  return {
    ...one(found, columns, (row) => row.denial),
    page: async function* (_, screen) {
      yield* lines(found, screen, input.rules, url)
    },
  }
}

const columns = [
  { name: 'denial', value: (row: Denial) => row.denial, priority: 0 },
  { name: 'what', value: (row: Denial) => actLine(row.event), priority: 0 },
  { name: 'time', value: (row: Denial) => row.event.time, priority: 0, instant: true },
  { name: 'rule', value: (row: Denial) => row.event.rule, priority: 0 },
  { name: 'reason', value: (row: Denial) => row.event.reason, priority: 0 },
  { name: 'now', value: (row: Denial) => row.now, priority: 0 },
  { name: 'identical', value: (row: Denial) => row.identical.count, priority: 0 },
  { name: 'can_request', value: (row: Denial) => row.can_request, priority: 0 },
]

function* lines(found: Denial, screen: Screen, all: boolean, url: string): Generator<string> {
  const { event, identical, requests, declined, mode } = found
  const { style } = screen
  const put = (name: string, text: string) => `${style.dim(name.padEnd(9))}${text}\n`
  const head = mode === 'observe' ? style.yellow('WOULD BE DENIED') : style.red('DENIED')
  yield `${head}  ${visibleLine(actLine(event))}  ${style.dim(longInstant(event.time, screen.timeZone))}\n`
  const policy = event.policy === null ? 'the boundary' : `policy ${event.policy.name}@v${event.policy.version}`
  yield put('by', visibleLine(`${policy}, mode ${mode}, rule ${event.rule}: ${reasonText(event.reason)}`))
  const chain = event.process === null ? '' : `${event.process.tree.join(' → ')} (pid ${event.process.pid}) · `
  yield put('who', visibleLine(`${chain}${event.owner.username}`))
  yield* checked(found.checked, put, all)
  const open = requests.filter(({ status }) => status === 'pending')
  const people = identical.people === 1 ? '1 person' : `${identical.people} people`
  const asked =
    open.length === 0
      ? 'nobody has asked for it'
      : `asked for by ${open.map(({ requester }) => requester.username).join(', ')}`
  yield put('others', visibleLine(`${identical.count} identical denials in 7 days, ${people}; ${asked}`))
  if (declined !== null) yield put('declined', visibleLine(declined))
  yield put('next', next(found, open.length > 0))
  yield put('see', `${url}/network?event=${found.denial}`)
}

function* checked(
  rules: readonly CheckedRule[],
  put: (name: string, text: string) => string,
  all: boolean,
): Generator<string> {
  // What differs in more than its host is nearer to what was asked.
  const sorted = all ? rules : [...rules.filter(isNear), ...rules.filter((rule) => !isNear(rule))].slice(0, nearest)
  const width = Math.max(0, ...sorted.map(({ rule }) => rule.length))
  for (const [at, { rule, summary, differs }] of sorted.entries()) {
    const told = differs === null ? 'matches' : differs === 'expired' ? 'has expired' : `${differs} differs`
    yield put(at === 0 ? 'checked' : '', visibleLine(`${rule.padEnd(width)}  ${summary}  ${told}`))
  }
  if (rules.length > sorted.length) yield put('', `… ${rules.length - sorted.length} more: --rules`)
}

const isNear = ({ differs }: CheckedRule): boolean => differs !== 'host'

function next({ denial, can_request, now, event }: Denial, isOpen: boolean): string {
  if (now === 'allow') return 'the policy of now allows it: try again'
  if (isOpen) return 'wait for the answer: reeve access list'
  if (can_request) return `reeve access request ${denial} --for 8h --reason "…"`
  const isAsked =
    ['net', 'dns', 'exec'].includes(event.kind) && ['rule', 'no-matching-rule', null].includes(event.reason)
  if (isAsked) return visibleLine(`whoever ran into it can ask for it: ${event.owner.username}`)
  return 'no request can allow it: it is denied whatever a rule says'
}
