import { withoutKeys } from './graph.ts'

/** One of the things that a resource or data block stands for, as a plan or a state has it. */
export interface Instance {
  /** With every index: `module.m["a"].docker_container.ws[0]` */
  readonly address: string
  /** As the graph has it: `module.m.docker_container.ws` */
  readonly node: string
  readonly mode: 'managed' | 'data'
  readonly type: string
  readonly name: string
  /** What is known of them; not yet known ones are missing. */
  readonly values: Readonly<Record<string, unknown>>
}

/** Of `root_module` in what `terraform show -json` prints, with the modules below it. */
export function readInstances(rootModule: unknown): Instance[] {
  const { resources, child_modules: children } = Object(rootModule)
  const own = list(resources).flatMap((one): Instance[] => {
    const { address, mode, type, name, values } = Object(one)
    if (typeof address !== 'string' || typeof type !== 'string' || typeof name !== 'string') return []
    const kind = mode === 'data' ? 'data' : 'managed'
    return [{ address, node: withoutKeys(address), mode: kind, type, name, values: Object(values) }]
  })
  return [...own, ...list(children).flatMap(readInstances)]
}

/**
 * What belongs to the same copy of a module, and has the same index, is more alike than what does not. With `byAnyKey` an
 * index may also be that of a module: what is repeated by one key is made for what a module makes that is repeated by it.
 */
export function mostAlike<T extends { readonly address: string }>(
  one: string,
  others: readonly T[],
  { byAnyKey = false }: { byAnyKey?: boolean } = {},
): T | null {
  let best: { candidate: T; score: number } | null = null
  for (const candidate of others.toSorted((a, b) => (a.address < b.address ? -1 : 1))) {
    const score = likeness(one, candidate.address, byAnyKey)
    if (score !== null && (best === null || score > best.score)) best = { candidate, score }
  }
  return best?.candidate ?? null
}

/** Null for two that belong to different copies of one module. */
function likeness(one: string, other: string, byAnyKey: boolean): number | null {
  const [mine, theirs] = [steps(one), steps(other)]
  let shared = 0
  for (const [depth, step] of mine.modules.entries()) {
    const their = theirs.modules[depth]
    if (their === undefined || their.name !== step.name) break
    if (their.key !== step.key) return null
    shared++
  }
  const keysOf = ({ modules, key }: typeof mine) => [...modules.slice(shared).map((step) => step.key), key]
  const isKeyShared = byAnyKey && keysOf(mine).some((key) => key !== '' && keysOf(theirs).includes(key))
  return shared * 4 + (mine.key !== '' && mine.key === theirs.key ? 2 : 0) + (isKeyShared ? 1 : 0)
}

/** `module.a["x"].module.b.type.name[0]` as modules with their keys, and the key of its own. */
function steps(address: string): { modules: { name: string; key: string }[]; key: string } {
  const key = String.raw`(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?`
  const modules: { name: string; key: string }[] = []
  let rest = address
  const module = new RegExp(String.raw`^module\.([^.[]+)(${key})\.`)
  for (let found = module.exec(rest); found !== null; found = module.exec(rest)) {
    modules.push({ name: found[1]!, key: found[2]! })
    rest = rest.slice(found[0].length)
  }
  return { modules, key: new RegExp(`(${key})$`).exec(rest)?.[1] ?? '' }
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
