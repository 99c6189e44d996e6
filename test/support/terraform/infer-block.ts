import type { Attribute, AttributeType, Block } from '../../../server/src/provisioning/provider/schema.ts'
import { computed, listOf, optional } from '../../../server/src/provisioning/provider/schema.ts'
import type { Reference } from './references.ts'

/** A block of a template as JSON. */
export type Body = Readonly<Record<string, unknown>>

/** What Terraform itself makes of a resource or of a provider's own block; in the blocks inside of them it is an argument. */
const own = new Set([
  'alias',
  'connection',
  'count',
  'depends_on',
  'for_each',
  'lifecycle',
  'provider',
  'provisioner',
  'version',
])

/** The schema that all bodies of one type fit, and the places that ask for what is in them. */
export function blockOf(bodies: readonly Body[], references: readonly Reference[], text: string): Block {
  const block = inferred(bodies.map(withoutOwn), references, text, () => 'dynamic')
  const id = block.attributes['id']?.mode === 'optional' ? optional('string', '') : computed('string', '')
  return { ...block, attributes: { ...block.attributes, id } }
}

/** The schema of a provider's own block. Terraform would ask people for what is in it and cannot be written. */
export function configurationOf(bodies: readonly Body[], text: string): Block {
  return inferred(bodies.map(withoutOwn), [], text, () => 'dynamic')
}

function inferred(
  bodies: readonly Body[],
  references: readonly Reference[],
  text: string,
  typeOf: (name: string, value: unknown) => AttributeType,
): Block {
  const attributes: Record<string, Attribute> = {}
  const inside = new Map<string, Body[]>()
  for (const [name, value] of bodies.flatMap((body) => Object.entries(body))) {
    if (name === 'dynamic') {
      for (const [kind, all] of Object.entries(Object(value))) add(inside, kind, bodiesOf(all).flatMap(contentsOf))
    } else if (areBlocks(name, value, text)) {
      add(inside, name, bodiesOf(value))
    } else if (attributes[name]?.type === undefined || attributes[name].type === 'string') {
      attributes[name] = optional(typeOf(name, value), '')
    }
  }
  for (const { trail } of references) {
    const [name] = trail
    if (name !== undefined && !inside.has(name)) attributes[name] ??= computed(typeOf(name, ''), '')
  }
  const blocks = [...inside].map(([name, all]) => {
    const deeper = references.filter(({ trail }) => trail[0] === name)
    const nested = deeper.map((one) => ({ ...one, trail: inner(one.trail) }))
    return [name, listOf(inferred(all, nested, text, staticTypeOf))] as const
  })
  return { description: '', attributes, blocks: Object.fromEntries(blocks) }
}

/** Terraform does not bear values of any type inside of blocks, so a type is read off what is written. */
function staticTypeOf(name: string, value: unknown): AttributeType {
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value)) return ['list', value.some((item) => Object(item) === item) ? ['map', 'string'] : 'string']
  if (typeof value === 'object') return ['map', 'string']
  const expression = String(value)
  if (
    /^\$\{(\{|merge\(|tomap\()/.test(expression) ||
    /^(labels|match_labels|annotations|limits|requests|tags)$/.test(name)
  ) {
    return ['map', 'string']
  }
  return /^\$\{(\[|concat\(|split\(|toset\(|tolist\()/.test(expression) ? ['list', 'string'] : 'string'
}

/** JSON has an array of objects for blocks as well as for an argument that is a list of objects. */
function areBlocks(name: string, value: unknown, text: string): boolean {
  if (!Array.isArray(value) || value.length === 0) return false
  const objects = value.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item))
  return objects && !new RegExp(String.raw`\b${name}\s*=\s*\[\s*(?:(?:#|//)[^\n]*\s*)*\{`).test(text)
}

const withoutOwn = (body: Body): Body => Object.fromEntries(Object.entries(body).filter(([name]) => !own.has(name)))

function add(to: Map<string, Body[]>, name: string, bodies: readonly Body[]): void {
  to.set(name, [...(to.get(name) ?? []), ...bodies])
}

/** Past the name and the position of a nested block. */
function inner(trail: readonly string[]): readonly string[] {
  return trail.slice(/^(\*|\d+)$/.test(trail[1] ?? '') ? 2 : 1)
}

const contentsOf = (dynamic: Body) => bodiesOf(dynamic['content'])
/** A list in HCL; JSON may have the one itself. */
export const bodiesOf = (value: unknown): Body[] => (Object(value) === value ? [value].flat().map(Object) : [])
