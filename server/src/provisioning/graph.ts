/** What depends on what, between the nodes of Terraform's graph: resources, variables, locals, outputs of modules. */
export interface Graph {
  readonly dependencies: ReadonlyMap<string, readonly string[]>
  readonly dependents: ReadonlyMap<string, readonly string[]>
}

const edge = /^\s*"((?:[^"\\]|\\.)*)" -> "((?:[^"\\]|\\.)*)"\s*;?\s*$/

/** Of `terraform graph`, in the DOT language. A node is called by its address in the configuration: without indices. */
export function readGraph(dot: string): Graph {
  const dependencies = new Map<string, string[]>()
  const dependents = new Map<string, string[]>()
  for (const line of dot.split('\n')) {
    const found = edge.exec(line)
    if (found === null) continue
    const [from, to] = [nodeName(found[1]!), nodeName(found[2]!)]
    if (from === to) continue
    append(dependencies, from, to)
    append(dependents, to, from)
  }
  return { dependencies, dependents }
}

/** The nodes that can be reached, nearest first, in one list for each number of steps; the start is not among them. */
export function* levels(next: ReadonlyMap<string, readonly string[]>, start: Iterable<string>): Generator<string[]> {
  const seen = new Set(start)
  let level = [...seen]
  while (level.length > 0) {
    const following: string[] = []
    for (const node of level) {
      for (const one of next.get(node) ?? []) {
        if (seen.has(one)) continue
        seen.add(one)
        following.push(one)
      }
    }
    level = following.toSorted()
    if (level.length > 0) yield level
  }
}

/** `module.m.coder_agent.main` of `module.m["a"].coder_agent.main[0]`. */
export function withoutKeys(address: string): string {
  return address.replace(/\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g, '')
}

function nodeName(quoted: string): string {
  const name = quoted.replaceAll('\\"', '"').replaceAll('\\\\', '\\')
  return withoutKeys(name.replace(/^\[root\] /, '').replace(/ \((?:expand|orphan|destroy)\)$/, ''))
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
