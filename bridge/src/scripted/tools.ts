/** What the script understands of the tools and schemas that a client offers. */

export type Json = Readonly<Record<string, unknown>>

export interface CommandTool {
  readonly name: string
  readonly schema: Json
  /** The tool takes a program in JavaScript that calls this one. */
  readonly inside?: string
}

const runsCommands = /bash|shell|exec|command|terminal/i

/** The first tool that, by its name and what it takes, runs a command. */
export function commandTool(
  offered: readonly { readonly name: unknown; readonly schema: unknown }[],
): CommandTool | null {
  for (const { name, schema } of offered) {
    if (typeof name !== 'string' || !isObject(schema)) continue
    if (runsCommands.test(name) && commandProperty(schema) !== null) return { name, schema }
  }
  return null
}

function commandProperty(schema: Json): string | null {
  const properties = isObject(schema['properties']) ? Object.keys(schema['properties']) : []
  return properties.find((name) => name === 'command' || name === 'cmd') ?? null
}

const command = "printf 'hello from reeve'"

export function commandInput(schema: Json): Record<string, unknown> {
  const input = smallestValue(schema, 'Print a greeting')
  const name = commandProperty(schema) ?? 'command'
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const own = properties[name]
  const asWords = isObject(own) && typeOf(own) === 'array'
  return { ...(isObject(input) ? input : {}), [name]: asWords ? ['sh', '-c', command] : command }
}

/** The smallest value that a JSON schema's required parts allow. */
export function smallestValue(schema: Json, text: string, depth = 0): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  switch (typeOf(schema)) {
    case 'object': {
      const properties = isObject(schema['properties']) ? schema['properties'] : {}
      const required = Array.isArray(schema['required']) ? schema['required'] : []
      if (depth > 8) return {}
      return Object.fromEntries(
        Object.entries(properties)
          .filter(([name, value]) => required.includes(name) && isObject(value))
          .map(([name, value]) => [name, smallestValue(isObject(value) ? value : {}, text, depth + 1)]),
      )
    }
    case 'array':
      return []
    case 'number':
    case 'integer':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 0
    case 'boolean':
      return false
    default:
      return text
  }
}

/** Gemini writes its types in capitals. */
function typeOf(schema: Json): unknown {
  return typeof schema['type'] === 'string' ? schema['type'].toLowerCase() : schema['type']
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function objectsOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The words of content that is a text or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsOf(content)
    .map((part) => (typeof part['text'] === 'string' ? part['text'] : ''))
    .join('\n')
}

/** The items up to the model's last one, and what the client has added since. */
export function splitTurn(items: readonly Json[], isModels: (item: Json) => boolean) {
  const last = items.findLastIndex(isModels)
  return { answered: last !== -1, latest: items.slice(last + 1) }
}
