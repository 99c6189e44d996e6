import { withoutKeys } from './graph.ts'
import type { Instance } from './instance.ts'
import { moduleOf, type References } from './references.ts'
import type { ScriptWait } from './resource.ts'
import { blocks, flag, text, type Values } from './values.ts'

type Stage = ScriptWait['stage']

export interface ScriptOrder {
  /** What each script waits for, by its address; nothing at all where there is a problem. */
  readonly waits: ReadonlyMap<string, readonly ScriptWait[]>
  /** In words for the template's author. */
  readonly problems: readonly string[]
}

interface Given {
  readonly instances: readonly Instance[]
  readonly references: References
}

/** What the rules of all `coder_script_order` say together. A selector means what is in the module of its rule. */
export function scriptOrder({ instances, references }: Given): ScriptOrder {
  const scripts = instances.filter(({ mode, type }) => mode === 'managed' && type === 'coder_script')
  const orders = instances.filter(({ mode, type }) => mode === 'data' && type === 'coder_script_order')
  const problems: string[] = []
  const waits: Waits = new Map()
  for (const { address, values } of orders) {
    const say = (problem: string): void => void problems.push(`${address}: ${problem}`)
    for (const rule of blocks(values['rule'])) {
      const module = moduleOf(address)
      const select = (selector: string) => selected(selector, { module, scripts, references, say })
      for (const [waiting, wait] of edgesOf(rule, select, say)) add(waits, waiting, wait, say)
    }
  }
  if (problems.length > 0) return { waits: new Map(), problems }
  const circle = circleIn(waits)
  if (circle !== null) return { waits: new Map(), problems: [`${circle}: what it waits for would wait for itself`] }
  return { waits: new Map([...waits].map(([waiting, all]) => [waiting, [...all.values()]])), problems: [] }
}

/** By who waits, and by what for in which stage. */
type Waits = Map<string, Map<string, ScriptWait>>

/** Every script of one side waits for every one of the other; nobody means that many. */
const waitsOfRuleMax = 5_000

interface Selected {
  /** One that is named has to run in the phase of the rule; of a module only those count that do. */
  readonly isNamed: boolean
  readonly script: Instance
}

interface Place extends Pick<Given, 'references'> {
  readonly module: string
  readonly scripts: readonly Instance[]
  readonly say: (problem: string) => void
}

const selectorOf = /^(coder_script|module)\.([\w-]+)(\[(?:\d+|"(?:[^"\\]|\\.)*")\])?$/

function selected(selector: string, { module, scripts, references, say }: Place): Selected[] {
  const [, kind, name, key] = selectorOf.exec(selector) ?? []
  if (kind === undefined || (kind === 'module' && key !== undefined)) {
    say(`${JSON.stringify(selector)} is neither a coder_script nor a whole module`)
    return []
  }
  if (!references.declares(withoutKeys(`${module}${kind}.${name}`))) {
    say(`there is no ${selector} in its module`)
    return []
  }
  const address = module + selector
  const isMeant =
    kind === 'module'
      ? (one: string) => one.startsWith(`${address}.`) || one.startsWith(`${address}[`)
      : (one: string) => one === address || (key === undefined && one.startsWith(`${address}[`))
  const isNamed = kind === 'coder_script'
  return scripts.filter((script) => isMeant(script.address)).map((script) => ({ isNamed, script }))
}

/** Who waits for what by one rule. */
function edgesOf(
  rule: Values,
  select: (selector: string) => Selected[],
  say: (problem: string) => void,
): [waiting: string, wait: ScriptWait][] {
  const run = texts(rule['run']).flatMap(select)
  const after = texts(rule['after']).flatMap(select)
  const stage = stageOf(rule, [...run, ...after])
  if (stage === null) {
    if (run.length > 0 && after.length > 0) say('set phase: its scripts are not run in one phase only')
    return []
  }
  for (const { isNamed, script } of [...run, ...after]) {
    if (isNamed && !stagesOf(script).includes(stage)) say(`${script.address} is not run in the phase ${stage}`)
  }
  const requires = rule['requires'] === 'completion' ? 'completion' : 'success'
  const inStage = (all: readonly Selected[]) =>
    all.filter(({ script }) => stagesOf(script).includes(stage)).map(({ script }) => script.address)
  const [waiting, waitedFor] = [inStage(run), inStage(after)]
  if (waiting.length * waitedFor.length > waitsOfRuleMax) {
    say(`a rule orders ${waitsOfRuleMax} pairs of scripts at most`)
    return []
  }
  return waiting.flatMap((one) => waitedFor.map((script): [string, ScriptWait] => [one, { script, stage, requires }]))
}

/** What the rule says, or the one phase that its scripts are run in; those that are named tell before whole modules do. */
function stageOf(rule: Values, all: readonly Selected[]): Stage | null {
  if (rule['phase'] === 'start' || rule['phase'] === 'stop') return rule['phase']
  const named = all.filter(({ isNamed }) => isNamed)
  const stages = new Set((named.length > 0 ? named : all).flatMap(({ script }) => stagesOf(script)))
  return stages.size === 1 ? [...stages][0]! : null
}

function stagesOf({ values }: Instance): Stage[] {
  return [
    ...(flag(values['run_on_start']) ? ['start' as const] : []),
    ...(flag(values['run_on_stop']) ? ['stop' as const] : []),
  ]
}

function add(waits: Waits, waiting: string, wait: ScriptWait, say: (problem: string) => void): void {
  const known = waits.get(waiting) ?? new Map<string, ScriptWait>()
  const key = `${wait.stage} ${wait.script}`
  const same = known.get(key)
  if (same !== undefined && same.requires !== wait.requires) {
    say(`${waiting} waits for ${wait.script} with success by one rule and with completion by another`)
  }
  waits.set(waiting, known.set(key, same ?? wait))
}

/** A script that nothing ever lets begin: what is left when all have gone that wait for nothing that is left. */
function circleIn(waits: Waits): string | null {
  const left = new Map<string, number>()
  const waiters = new Map<string, string[]>()
  for (const [waiting, all] of waits) {
    for (const { script, stage } of all.values()) {
      const [one, other] = [`${stage} ${waiting}`, `${stage} ${script}`]
      left.set(one, (left.get(one) ?? 0) + 1)
      left.set(other, left.get(other) ?? 0)
      const known = waiters.get(other)
      if (known === undefined) waiters.set(other, [one])
      else known.push(one)
    }
  }
  const free = [...left].filter(([, count]) => count === 0).map(([node]) => node)
  for (const node of free) {
    left.delete(node)
    for (const waiter of waiters.get(node) ?? []) {
      const count = left.get(waiter)! - 1
      left.set(waiter, count)
      if (count === 0) free.push(waiter)
    }
  }
  const [stuck] = left.keys()
  return stuck === undefined ? null : stuck.slice(stuck.indexOf(' ') + 1)
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map((one) => text(one)) : [])
