import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { ProviderDefinition } from '../../../server/src/provisioning/provider/definition.ts'
import type { AttributeType, Block } from '../../../server/src/provisioning/provider/schema.ts'
import type { Row, Value } from '../../../server/src/provisioning/provider/values.ts'
import { blockOf, bodiesOf, configurationOf, type Body } from './infer-block.ts'
import { referencesIn, type Reference } from './references.ts'

// Its types would bring those of the browser into this whole program.
// SAFETY: the one function that is taken of it, as its documentation has it.
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as {
  readonly parse: (name: string, text: string) => Promise<Body>
}

/**
 * Providers that stand in for those that a template needs and that are not ours: clouds, container engines, random
 * numbers. Their schemas are read off the template itself: what it writes is an argument or a block, what it asks for
 * and does not write is computed. They make nothing; what is computed is what the template hopes for, else made up of
 * digits, which are a text and a number.
 */
export async function standIns(folder: string): Promise<ProviderDefinition<null>[]> {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tf(\.json)?$/.test(name) && !name.includes('.terraform/providers/'))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
  const files: Body[] = []
  for (const { name, text } of sources) files.push(name.endsWith('.json') ? JSON.parse(text) : await parse(name, text))
  const text = sources.map((source) => source.text).join('\n')

  const addresses = new Map<string, string>([['coder', 'coder/coder'], ...files.flatMap(requiredProviders)])
  const resources = blocksOf(files, 'resource')
  const dataSources = blocksOf(files, 'data')
  const configurations = new Map(files.flatMap((file) => Object.entries(objectOf(file['provider']))))
  // One that is required and not used is asked for all the same.
  const used = [...configurations.keys(), ...resources.keys(), ...dataSources.keys()].map(localName)
  const localNames = new Set([...addresses.keys(), ...used])
  return [...localNames]
    .filter((name) => name !== 'coder' && name !== 'terraform')
    .map((name) => {
      const own = (all: Map<string, Body[]>) => [...all].filter(([type]) => localName(type) === name)
      const references = referencesIn(text)
      return {
        source: addresses.get(name) ?? `hashicorp/${name}`,
        block: configurationOf(bodiesOf(configurations.get(name)), text),
        configure: () => null,
        resources: Object.fromEntries(
          own(resources).map(([type, bodies]) => [type, resource(type, bodies, references, text)]),
        ),
        dataSources: Object.fromEntries(
          own(dataSources).map(([type, bodies]) => [type, dataSource(type, bodies, references, text)]),
        ),
      }
    })
}

function resource(type: string, bodies: Body[], references: readonly Reference[], text: string) {
  const own = references.filter((reference) => reference.type === type && !reference.data)
  const block = blockOf(bodies, own, text)
  const create = (planned: Row) => ({ id: randomUUID(), ...madeUp(block, planned, own) })
  return { block, derive: withoutTypedNulls, create }
}

/** A null of a dynamic type may carry its type, too: where all changes are ignored Terraform says so of what is computed. */
const withoutTypedNulls = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, Array.isArray(value) && isTypedNull(value) ? null : value]),
  )

const isTypedNull = ([type, value, ...more]: readonly unknown[]): boolean =>
  type instanceof Uint8Array && value === null && more.length === 0

function dataSource(type: string, bodies: Body[], references: readonly Reference[], text: string) {
  const own = references.filter((reference) => reference.type === type && reference.data)
  const block = blockOf(bodies, own, text)
  return { block, read: (config: Row) => ({ id: randomUUID(), ...madeUp(block, withoutTypedNulls(config), own) }) }
}

/** A value for everything that is computed, of the shape in which the template uses it. */
function madeUp(block: Block, row: Row, references: readonly Reference[]): Row {
  const made: Record<string, Value> = {}
  for (const [name, { mode }] of Object.entries(block.attributes)) {
    if (name === 'id' || (row[name] ?? null) !== null) continue
    const asked = references.filter(({ trail }) => trail[0] === name)
    // A data source may also find out what the template leaves open.
    if (mode !== 'computed' && !asked.some(({ data }) => data)) continue
    const longest = asked.toSorted((one, other) => other.trail.length - one.trail.length)[0]
    const { type, value } = shapeOf(longest?.trail.slice(1) ?? [], textOf(asked))
    // A value of a dynamic type carries its type with it.
    // SAFETY: msgpack writes bytes as they are; a `Value` has none because the provider's own schema is not dynamic.
    made[name] = [Buffer.from(JSON.stringify(type)) as unknown as Value, value]
  }
  return made
}

/** What it is held against, or JSON where that is asked of it. */
function textOf(references: readonly Reference[]): string {
  const json = references.find((one) => one.json !== null)?.json
  if (json !== undefined && json !== null) return JSON.stringify(shapeOf(json, digits).value)
  return references.find(({ literal }) => literal !== null)?.literal ?? digits
}

const digits = '10241'

function shapeOf(trail: readonly string[], text: string): { type: AttributeType; value: Value } {
  const [step, ...rest] = trail
  if (step === undefined) return { type: 'string', value: text }
  const inner = shapeOf(rest, text)
  if (step === '*' || /^\d+$/.test(step)) return { type: ['list', inner.type], value: [inner.value] }
  return { type: ['object', { [step]: inner.type }], value: { [step]: inner.value } }
}

function requiredProviders(file: Body): [string, string][] {
  return bodiesOf(file['terraform'])
    .flatMap((settings) => bodiesOf(settings['required_providers']))
    .flatMap((providers) => Object.entries(providers))
    .map(([name, value]): [string, unknown] => [name, Object(value)['source']])
    .flatMap(([name, source]): [string, string][] => (typeof source === 'string' ? [[name, source]] : []))
}

/** The bodies of all resources, or data sources, by their type. */
function blocksOf(files: readonly Body[], kind: 'resource' | 'data'): Map<string, Body[]> {
  const found = new Map<string, Body[]>()
  for (const file of files) {
    for (const [type, named] of Object.entries(objectOf(file[kind]))) {
      const bodies = Object.values(objectOf(named)).flatMap(bodiesOf)
      found.set(type, [...(found.get(type) ?? []), ...bodies])
    }
  }
  return found
}

const localName = (type: string) => type.split('_')[0]!
const objectOf = (value: unknown): Body => Object(value)
