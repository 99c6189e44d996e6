import type { Complaint } from './complaint.ts'
import type { Row, Value } from './values.ts'

/** A type as Terraform writes it in JSON. */
export type AttributeType =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | readonly ['list' | 'set' | 'map', AttributeType]
  | readonly ['object', { readonly [name: string]: AttributeType }]

/** What is wrong with a known value, or null. */
export type Check = (value: Value) => string | null

export interface Attribute {
  readonly type: AttributeType
  readonly description: string
  /** Who sets it: the template has to, the template may, or only we do. */
  readonly mode: 'required' | 'optional' | 'computed'
  /** For an optional one: what it is where the template says nothing. */
  readonly default?: Value
  /** For an optional one: it follows from the others, or we make it, where the template says nothing. */
  readonly derived?: true
  readonly sensitive?: true
  readonly deprecated?: true
  readonly check?: Check
}

export interface NestedBlock {
  readonly nesting: 'list' | 'set'
  readonly min: number
  /** Zero for any number. */
  readonly max: number
  readonly block: Block
}

export interface Block {
  readonly description: string
  readonly attributes: { readonly [name: string]: Attribute }
  readonly blocks: { readonly [name: string]: NestedBlock }
  /** What is wrong with the attributes together; unknown ones are none of its business. */
  readonly check?: (config: Row) => readonly Complaint[]
}

type More = Pick<Attribute, 'default' | 'derived' | 'sensitive' | 'deprecated' | 'check'>

export const required = (type: AttributeType, description: string, more: More = {}): Attribute => {
  return { type, description, mode: 'required', ...more }
}
export const optional = (type: AttributeType, description: string, more: More = {}): Attribute => {
  return { type, description, mode: 'optional', ...more }
}
export const computed = (type: AttributeType, description: string, more: More = {}): Attribute => {
  return { type, description, mode: 'computed', ...more }
}
export const secret = { sensitive: true } as const
/** Names that earlier releases of the provider had. Templates still write them; they change nothing. */
export const former = (type: AttributeType): Attribute => {
  return optional(type, 'Of earlier releases; without effect.', { deprecated: true })
}

export const listOf = (block: Block, max = 0, min = 0): NestedBlock => ({ nesting: 'list', min, max, block })
export const setOf = (block: Block, max = 0, min = 0): NestedBlock => ({ nesting: 'set', min, max, block })

/** Whether the template may set it. */
export const isArgument = (attribute: Attribute): boolean => attribute.mode !== 'computed'

/** `Schema` of the protocol. */
export function wireSchema(block: Block): object {
  // States that the public provider has written carry version 1.
  return { version: 1, block: wireBlock(block) }
}

function wireBlock(block: Block): object {
  return {
    description: block.description,
    attributes: Object.entries(block.attributes).map(([name, attribute]) => wireAttribute(name, attribute)),
    blockTypes: Object.entries(block.blocks).map(([typeName, nested]) => ({
      typeName,
      nesting: nested.nesting === 'list' ? 2 : 3,
      minItems: nested.min,
      maxItems: nested.max,
      block: wireBlock(nested.block),
    })),
  }
}

function wireAttribute(name: string, attribute: Attribute): object {
  const { type, description, mode, sensitive = false, deprecated = false } = attribute
  return {
    name,
    type: Buffer.from(JSON.stringify(type)),
    description,
    required: mode === 'required',
    optional: mode === 'optional',
    // Terraform lets a provider fill only what it calls computed; a default is filled too.
    computed: mode === 'computed' || attribute.default !== undefined || attribute.derived === true,
    sensitive,
    deprecated,
  }
}
