import { complaint, type Complaint, type Path } from './complaint.ts'
import type { Attribute, Block } from './schema.ts'
import { isList, isRow, Unknown, type Row, type Value } from './values.ts'

/**
 * Everything that is wrong with a block of a template, as far as its values are known. That a required attribute is
 * there, that types fit and that there are not too many blocks has been seen to by Terraform.
 */
export function complaintsAbout(block: Block, config: Row, at: Path = []): Complaint[] {
  const found: Complaint[] = []
  for (const [name, attribute] of Object.entries(block.attributes)) {
    const wrong = wrongWith(attribute, config[name] ?? null)
    if (wrong !== null) found.push(complaint([...at, name], `Invalid value for "${name}"`, wrong))
  }
  for (const [name, nested] of Object.entries(block.blocks)) {
    const inside = config[name]
    if (!isList(inside)) continue
    // The elements of a set have no position that Terraform could follow.
    const place = (index: number) => (nested.nesting === 'list' ? [...at, name, index] : [...at, name])
    inside.forEach((row, index) => {
      if (isRow(row)) found.push(...complaintsAbout(nested.block, row, place(index)))
    })
  }
  const together = block.check?.(config) ?? []
  found.push(...together.map(({ path, summary, detail }) => complaint([...at, ...path], summary, detail)))
  return found
}

function wrongWith(attribute: Attribute, value: Value): string | null {
  if (value === null || value instanceof Unknown) return null
  // Nothing here counts in fractions.
  if (attribute.type === 'number' && !isWhole(value)) return `It has to be a whole number, not ${String(value)}.`
  return attribute.check?.(value) ?? null
}

const isWhole = (value: Value) => typeof value === 'bigint' || Number.isSafeInteger(value)
