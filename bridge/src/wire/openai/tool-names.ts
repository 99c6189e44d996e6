import { objectOf, stringOf } from '../json.ts'

/**
 * What a tool is called, of its definition or of a call of it, in the shapes of both APIs; a tool without a name is
 * called by its type. A namespace is part of the name: one of an MCP server the way other agents write it.
 */
export function toolName(value: unknown): string | null {
  const tool = objectOf(value)
  const { name } = { ...objectOf(tool['function']), ...objectOf(tool['custom']), ...tool }
  const plain = stringOf(name) || stringOf(tool['type'])
  const namespace = stringOf(tool['namespace']) || null
  if (plain === null || namespace === null) return plain
  return namespace.startsWith('mcp__') ? `${namespace}__${plain}` : `${namespace}.${plain}`
}
