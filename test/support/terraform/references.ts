/** A place where a template asks a resource or a data source for something. */
export interface Reference {
  readonly data: boolean
  readonly type: string
  /** What is asked for: names of attributes, positions, and `*` for each of several. */
  readonly trail: readonly string[]
  /** The text that it is held against; null where it is not. */
  readonly literal: string | null
  /** What is asked of the JSON that it is read as; null where it is not read so. */
  readonly json: readonly string[] | null
}

const steps = String.raw`((?:\[[^\]\n]*\]|\.[\w*-]+)+)`
const type = String.raw`(?:(data)\.([a-z][a-z0-9_]*)|([a-z][a-z0-9]*_[a-z0-9_]+))`
const rest = String.raw`(?:\)${steps}|\s*==\s*"([^"$]*)")?`
const reference = new RegExp(String.raw`(jsondecode\()?\b${type}\.[A-Za-z_][\w-]*${steps}${rest}`, 'g')

export function referencesIn(text: string): Reference[] {
  return [...text.matchAll(reference)].map(([, decoded, data, source, resource, trail, inJson, literal]) => ({
    data: data !== undefined,
    type: (source ?? resource)!,
    trail: withoutInstance(stepsOf(trail!)),
    literal: literal ?? null,
    json: decoded !== undefined && inJson !== undefined ? stepsOf(inJson) : null,
  }))
}

function stepsOf(trail: string): string[] {
  return [...trail.matchAll(/\[([^\]]*)\]|\.([\w*-]+)/g)].map(([, position, name]) => {
    if (name !== undefined) return name
    return position === '*' ? '*' : /^\d+$/.test(position!) ? position! : '0'
  })
}

/** Which one of several by `count` or `for_each` does not matter. */
function withoutInstance(taken: readonly string[]): readonly string[] {
  return /^(\*|\d+)$/.test(taken[0] ?? '') ? taken.slice(1) : taken
}
