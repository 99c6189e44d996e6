import { isArgument, type Attribute, type Block, type NestedBlock } from './schema.ts'
import { isList, isRow, same, unknown, Unknown, type Row, type Value } from './values.ts'

/** A resource as it will be, and the arguments whose change makes it another one. */
export interface Plan {
  readonly state: Row
  readonly replaced: readonly string[]
}

/** Fills in what follows from the arguments alone, defaults included; unknown where what it follows from is unknown. */
export type Derive = (arguments_: Row) => Row

/**
 * What a resource becomes. It is worked out from the configuration and not from what Terraform proposes, because here
 * nothing is ever changed in place: either every argument is as it was, and then so is all the rest, or it is a new one
 * whose computed attributes are unknown until it is made.
 */
export function planResource(block: Block, derive: Derive, config: Row, prior: Row | null): Plan {
  const wanted = derive(withDefaults(block, config))
  const replaced = prior === null ? [] : changedArguments(block, wanted, withDefaults(block, prior))
  const state: Record<string, Value> = { ...wanted }
  for (const [name, attribute] of Object.entries(block.attributes)) {
    if (state[name] !== null || !(attribute.mode === 'computed' || attribute.derived === true)) continue
    state[name] = prior === null || replaced.length > 0 ? unknown : (prior[name] ?? null)
  }
  return { state, replaced }
}

/** The block with every attribute that the schema has, and no other; the defaults in place of nulls, at all depths. */
export function withDefaults(block: Block, config: Row): Row {
  const filled: Record<string, Value> = {}
  for (const [name, attribute] of Object.entries(block.attributes)) {
    filled[name] = config[name] ?? attribute.default ?? null
  }
  for (const [name, nested] of Object.entries(block.blocks)) {
    const inside = config[name] ?? []
    // With a dynamic block, even how many there are may be known only later.
    filled[name] = isList(inside) ? inside.map((row) => (isRow(row) ? withDefaults(nested.block, row) : row)) : inside
  }
  return filled
}

function changedArguments(block: Block, wanted: Row, prior: Row): string[] {
  const attributes = Object.entries(block.attributes).filter(
    ([name, attribute]) => isArgument(attribute) && attributeChanged(attribute, wanted[name] ?? null, prior[name]),
  )
  const blocks = Object.entries(block.blocks).filter(([name, nested]) => !sameBlocks(nested, wanted[name], prior[name]))
  return [...attributes, ...blocks].map(([name]) => name)
}

function attributeChanged(attribute: Attribute, wanted: Value, prior: Value | undefined): boolean {
  // What the template leaves to us stays what we made it.
  if (attribute.derived === true && wanted === null) return false
  return !same(wanted, prior ?? null)
}

function sameBlocks(nested: NestedBlock, wanted: Value | undefined, prior: Value | undefined): boolean {
  if (nested.nesting === 'list' || wanted instanceof Unknown) return same(wanted, prior ?? [])
  if (!isList(wanted) || !isList(prior)) return same(wanted ?? [], prior ?? [])
  // Defaults have been filled in since Terraform sorted the set.
  const before = new Set(prior.map(textOf))
  return wanted.length === prior.length && wanted.every((row) => isKnown(row) && before.has(textOf(row)))
}

/** Equal texts for equal rows: both are filled in the order of the schema. */
function textOf(row: Value): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

function isKnown(value: Value): boolean {
  if (value instanceof Unknown) return false
  return isList(value) ? value.every(isKnown) : !isRow(value) || Object.values(value).every(isKnown)
}
