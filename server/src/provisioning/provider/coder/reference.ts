import type { Attribute, AttributeType, Block, NestedBlock } from '../schema.ts'
import * as reeve from '../reeve/reeve-provider.ts'
import { dataSources, providerBlock, resources } from './coder-provider.ts'

/** The page docs/reference/terraform-provider.md, made from the schema that Terraform is given. */
export function providerReference(): string {
  return [
    '# The Terraform providers',
    '',
    'What a template may say to Reeve: the data sources and resources of `coder/coder`, and those of reeve/reeve, which run',
    'workspaces on the machine that Reeve runs on. Reeve serves both itself, whatever version a template asks for; nothing',
    'is downloaded. Every argument of a resource, when it changes, makes a new one.',
    '',
    '## The provider block of coder/coder',
    '',
    ...page(providerBlock),
    '## Data sources of coder/coder',
    '',
    ...pages(dataSources),
    '## Resources of coder/coder',
    '',
    ...pages(resources),
    '## Resources of reeve/reeve',
    '',
    ...page(reeve.providerBlock),
    ...pages(reeve.resources),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}

function pages(kinds: { readonly [type: string]: { readonly block: Block } }): string[] {
  return Object.entries(kinds).flatMap(([type, { block }]) => [`### ${type}`, '', ...page(block)])
}

function page(block: Block): string[] {
  return [block.description, '', '| name | type | | |', '| --- | --- | --- | --- |', ...rowsOf(block, ''), '']
}

function rowsOf(block: Block, inside: string): string[] {
  const attributes = Object.entries(block.attributes).map(([name, attribute]) => attributeRow(inside + name, attribute))
  const blocks = Object.entries(block.blocks).flatMap(([name, nested]) => [
    `| \`${inside}${name}\` | ${count(nested)} | block | ${nested.block.description} |`,
    ...rowsOf(nested.block, `${inside}${name}.`),
  ])
  return [...attributes, ...blocks]
}

function attributeRow(name: string, attribute: Attribute): string {
  const traits = [
    attribute.mode,
    ...(attribute.default === undefined ? [] : [`default \`${JSON.stringify(attribute.default)}\``]),
    ...(attribute.sensitive === true ? ['sensitive'] : []),
    ...(attribute.deprecated === true ? ['deprecated'] : []),
  ]
  return `| \`${name}\` | ${typeName(attribute.type)} | ${traits.join(', ')} | ${attribute.description} |`
}

function typeName(type: AttributeType): string {
  if (typeof type === 'string') return type
  if (type[0] !== 'object') return `${type[0]}(${typeName(type[1])})`
  const fields = Object.entries(type[1]).map(([name, field]) => `${name} ${typeName(field)}`)
  return `object(${fields.join(', ')})`
}

function count({ min, max }: NestedBlock): string {
  if (max === 1) return 'at most one'
  return `${min > 0 ? `at least ${min}` : 'any number'}${max > 0 ? `, at most ${max}` : ''}`
}
