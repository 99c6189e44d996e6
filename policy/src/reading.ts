import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml'
import type { PolicyProblem } from './problem.ts'

/** One value of the text, with where it stands. `node` is null where the key is not there. */
export interface Place {
  readonly path: string
  readonly node: Node | null
}

/**
 * Reads values out of YAML or JSON by what they must be. Whatever is wrong is noted with line and column, and reading
 * goes on, so that one look at a policy tells everything that is wrong with it.
 */
export interface Reading {
  readonly root: Place
  readonly problems: PolicyProblem[]
  note(level: 'error' | 'warning', place: Place, message: string, fix?: string | null): void
  error(place: Place, message: string, fix?: string | null): null
  /** The values of a map by key; unknown keys are errors. */
  fields<K extends string>(place: Place, keys: readonly K[]): Readonly<Record<K, Place>> | null
  list(place: Place): readonly Place[]
  /** One text or a list of them. */
  texts(place: Place): readonly { readonly place: Place; readonly text: string }[]
  text(place: Place): string | null
  whole(place: Place, min: number, max: number): number | null
  flag(place: Place, otherwise: boolean): boolean
  oneOf<T extends string | number>(place: Place, of: readonly T[], otherwise: T | null): T | null
}

const textMax = 1_048_576
const problemsMax = 100

export function readText(text: string): Reading {
  const lines = new LineCounter()
  const problems: PolicyProblem[] = []
  const add = (
    level: 'error' | 'warning',
    path: string,
    offset: number | null,
    message: string,
    fix: string | null,
  ) => {
    // Whoever has a hundred to mend is helped, and an answer has an end.
    if (problems.length >= problemsMax) return
    const at = offset === null ? null : lines.linePos(offset)
    problems.push({ level, path, line: at?.line ?? null, column: at?.col ?? null, message, fix })
  }
  const note: Reading['note'] = (level, place, message, fix = null) =>
    add(level, place.path, place.node?.range?.[0] ?? null, message, fix)
  const documents =
    text.length > textMax
      ? []
      : [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: false })]
  const [first, second] = documents
  if (text.length > textMax) add('error', '', null, 'the policy is longer than a mebibyte', null)
  else if (first === undefined || first.contents === null)
    add('error', '', 0, 'the policy is empty', 'begin with apiVersion: reeve/v1')
  else if (second !== undefined) add('error', '', second.range[0], 'there is more than one document', null)
  for (const { pos, message } of first?.errors ?? []) add('error', '', pos[0], message, null)
  for (const { pos, message } of first?.warnings ?? []) add('error', '', pos[0], message, null)
  const contents: unknown = first?.contents ?? null
  return {
    root: { path: '', node: isNode(contents) ? contents : null },
    problems,
    note,
    ...values((place, message, fix = null) => {
      note('error', place, message, fix)
      return null
    }),
  }
}

function values(error: Reading['error']): Omit<Reading, 'root' | 'problems' | 'note'> {
  const scalar = (place: Place): unknown => (isScalar(place.node) && plain(place, error) ? place.node.value : null)
  const text = (place: Place): string | null => {
    const value = scalar(place)
    return typeof value === 'string' ? value : error(place, `${last(place)} must be text`)
  }
  const list = (place: Place): readonly Place[] => {
    const { node } = place
    if (node === null) return []
    if (!isSeq(node) || !plain(place, error)) return error(place, `${last(place)} must be a list`) ?? []
    return node.items.map((item, at) => ({ path: `${place.path}[${at}]`, node: isNode(item) ? item : null }))
  }
  return {
    error,
    list,
    text,
    fields: (place, keys) => fieldsOf(place, keys, error),
    texts: (place) =>
      (isSeq(place.node) ? list(place) : place.node === null ? [] : [place]).flatMap((item) => {
        const value = text(item)
        return value === null ? [] : [{ place: item, text: value }]
      }),
    whole: (place, min, max) => {
      const value = scalar(place)
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      return fits ? value : error(place, `${last(place)} must be a whole number from ${min} to ${max}`)
    },
    flag: (place, otherwise) => {
      if (place.node === null) return otherwise
      const value = scalar(place)
      return typeof value === 'boolean' ? value : (error(place, `${last(place)} must be true or false`) ?? otherwise)
    },
    oneOf: (place, of, otherwise) => {
      if (place.node === null) return otherwise
      const value = scalar(place)
      return of.find((one) => one === value) ?? error(place, `${last(place)} must be one of: ${of.join(', ')}`)
    },
  }
}

/** Anchors, aliases and tags make one text mean several things; a policy has none. */
function plain(place: Place, error: Reading['error']): boolean {
  const { node } = place
  if (node === null || isAlias(node)) return false
  const anchored = 'anchor' in node && node.anchor !== undefined
  if (!anchored && node.tag === undefined) return true
  error(place, 'anchors and tags are not read', 'write the value out')
  return false
}

function fieldsOf<K extends string>(
  place: Place,
  keys: readonly K[],
  error: Reading['error'],
): Readonly<Record<K, Place>> | null {
  const { node } = place
  const under = (key: string) => (place.path === '' ? key : `${place.path}.${key}`)
  if (!isMap(node) || !plain(place, error)) {
    return error(place, `${last(place)} must be a map with: ${keys.join(', ')}`)
  }
  const found = new Map<string, Place>()
  for (const { key, value } of node.items) {
    const name = isScalar(key) && typeof key.value === 'string' ? key.value : null
    const where = { path: under(name ?? '?'), node: isNode(key) ? key : node }
    if (name === null) error(where, 'a key must be text')
    // The library compares every key with every other, which a long text makes last for minutes.
    else if (found.has(name)) error(where, `${name} stands twice`, 'take one of them out')
    else if (!keys.some((known) => known === name)) {
      const near = nearest(name, keys)
      error(
        where,
        `${name} is not known here`,
        near === null ? `known are: ${keys.join(', ')}` : `did you mean ${near}?`,
      )
    } else if (!isNode(value) || (isScalar(value) && value.value === null)) {
      error(where, `${name} has no value`, 'leave the key out, or give it one')
    } else found.set(name, { path: where.path, node: value })
  }
  // SAFETY: one entry for each of `keys`, which is what the type says.
  return Object.fromEntries(keys.map((key) => [key, found.get(key) ?? { path: under(key), node: null }])) as Record<
    K,
    Place
  >
}

const last = ({ path }: Place): string => (path === '' ? 'the document' : path.slice(path.lastIndexOf('.') + 1))

/** The known key that differs by the order, the number or the spelling of one or two letters. */
function nearest(name: string, keys: readonly string[]): string | null {
  const letters = (word: string) => [...word.toLowerCase().replace(/[^a-z]/g, '')].sort().join('')
  const same = (a: string, b: string) => a === b || a.includes(b) || b.includes(a)
  return keys.find((key) => same(letters(key), letters(name))) ?? null
}
