import { withoutKeys } from './graph.ts'
import { type Instance, list } from './instance.ts'

/**
 * What the arguments of resources refer to, in the words of the configuration that a plan carries: nodes of the graph, and
 * instances where a reference names one by an index that stands there.
 */
export interface References {
  /** Of one argument of a resource, or of all of them. */
  of(node: string, argument?: string): readonly Reference[]
  /** Whether the configuration has such a resource or module, however many there are of it. */
  declares(node: string): boolean
}

export interface Reference {
  readonly node: string
  /** With the index that the template names, within the module of who refers; null where it names none. */
  readonly address: string | null
}

interface Configured {
  readonly prefix: string
  readonly expressions: Readonly<Record<string, unknown>>
  readonly repeated: unknown
}

export function readReferences(configuration: unknown): References {
  const resources = new Map<string, Configured>()
  const modules = new Set<string>()
  visit(Object(configuration).root_module, '', { resources, modules })
  return {
    declares: (node) => resources.has(node) || modules.has(node),
    of(node, argument) {
      const found = resources.get(node)
      if (found === undefined) return []
      const wanted = argument === undefined ? found.expressions : found.expressions[argument]
      const names = referencesIn(wanted)
      // `each.value` is whatever the resource is repeated for.
      const all = names.some((name) => /^(each|count)\./.test(name))
        ? [...names, ...referencesIn(found.repeated)]
        : names
      return all.flatMap((name) => toReference(name, found.prefix))
    },
  }
}

/** The address that a reference with an index names, seen from the module of the one who refers. */
export function namesInstance(reference: Reference, from: Instance, candidate: Instance): boolean {
  if (reference.address === null) return false
  return candidate.address === moduleOf(from.address) + reference.address
}

interface Found {
  readonly resources: Map<string, Configured>
  readonly modules: Set<string>
}

function visit(module: unknown, prefix: string, into: Found): void {
  const { resources, module_calls: calls } = Object(module)
  for (const resource of list(resources)) {
    const { address, expressions, for_each_expression: each, count_expression: count } = Object(resource)
    if (typeof address !== 'string') continue
    into.resources.set(prefix + address, { prefix, expressions: Object(expressions), repeated: [each, count] })
  }
  for (const [name, call] of Object.entries(Object(calls))) {
    into.modules.add(`${prefix}module.${name}`)
    visit(Object(call).module, `${prefix}module.${name}.`, into)
  }
}

/** Blocks within blocks are looked through as well. */
function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  if ('references' in value) return list(value.references).filter((name) => typeof name === 'string')
  return Object.values(value).flatMap(referencesIn)
}

function toReference(name: string, prefix: string): Reference[] {
  const plain = withoutKeys(name)
  const parts = plain.split('.')
  if (parts[0] === 'each' || parts[0] === 'count' || parts[0] === 'path' || parts[0] === 'self') return []
  if (parts[0] === 'module') {
    return parts.length < 3 ? [] : [{ node: `${prefix}module.${parts[1]}.output.${parts[2]}`, address: null }]
  }
  const length = parts[0] === 'data' ? 3 : 2
  if (parts.length < length) return []
  const node = prefix + parts.slice(0, length).join('.')
  const indexed = /^(?:[^.[]+\.)+?[^.[]+\[(?:\d+|"(?:[^"\\]|\\.)*")\]/.exec(name)?.[0]
  const address = indexed !== undefined && prefix + withoutKeys(indexed) === node ? indexed : null
  return [{ node, address }]
}

/** The modules that an address lies in, with their keys, up to the last dot; empty for the root. */
export function moduleOf(address: string): string {
  return /^(?:module\.[^.[]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.)*/.exec(address)![0]
}
