import { type Problem, Secret } from '@reeve/base'
import { regionIn, serviceAccountKey } from '@reeve/bridge'
import { type BedrockGiven, type BedrockName, readBedrock } from './config-bedrock.ts'
import * as types from './config-types.ts'
import type { ProviderSetting } from './providers/offered.ts'
import {
  factsOf,
  isProviderType,
  type ProviderType,
  providerTypeNames,
  providerTypes,
  reservedNames,
} from './providers/provider-types.ts'

/**
 * Providers beside the one of each type are a list, which one option cannot say: `REEVE_AIBRIDGE_PROVIDER_<n>_<field>`.
 */
export interface ProviderListInput {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly read: (name: string, path: string) => string | null
  /** Whether a key that is sent there can be read on its way. */
  readonly isOpen: (url: string) => boolean
}

/** Variables that are read here, so that no other reader takes them for mistakes. */
export const providerVariable = /^(?:REEVE|CODER)_(?:AIBRIDGE|AI_GATEWAY)_PROVIDER_(\d{1,3})_([A-Z_]+)$/

/** Of a provider of the type bedrock only. */
const bedrockFields = {
  BEDROCK_REGION: 'region',
  BEDROCK_ACCESS_KEY: 'accessKey',
  BEDROCK_ACCESS_KEY_SECRET: 'accessKeySecret',
  BEDROCK_MODEL: 'model',
  BEDROCK_SMALL_FAST_MODEL: 'smallFastModel',
} as const satisfies Readonly<Record<string, BedrockName>>
// SAFETY: keys of the object above.
const bedrockFieldNames = Object.keys(bedrockFields) as (keyof typeof bedrockFields)[]
const fields = ['TYPE', 'NAME', 'KEY', 'KEYS', 'BASE_URL', ...bedrockFieldNames] as const
type Field = (typeof fields)[number]
type Given = Partial<Record<Field, { readonly text: string; readonly place: string }>>
const secretFields: readonly Field[] = ['KEY', 'KEYS', 'BEDROCK_ACCESS_KEY', 'BEDROCK_ACCESS_KEY_SECRET']

export interface ProviderListReading {
  readonly providers: readonly ProviderSetting[]
  /** What was said and where, printable. */
  readonly said: readonly { readonly name: string; readonly value: string; readonly source: 'environment' }[]
}

export function readProviderList(input: ProviderListInput, problems: Problem[]): ProviderListReading {
  const all = readVariables(input, problems)
  const providers = [...all]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([index, given]) => readOne(given, `REEVE_AIBRIDGE_PROVIDER_${index}_`, input.isOpen, problems) ?? [])
  for (const [index, { name }] of providers.entries()) {
    if (providers.findIndex((other) => other.name === name) === index) continue
    problems.push({ field: 'providers', detail: `two providers are called ${name}; give one of them another NAME` })
  }
  const said = [...all.values()].flatMap((given) =>
    fields.flatMap((field) => {
      const value = given[field]
      if (value === undefined) return []
      const shown = secretFields.includes(field) ? '[secret]' : value.text
      return [{ name: value.place, value: shown, source: 'environment' as const }]
    }),
  )
  return { providers, said }
}

function readVariables({ env, read }: ProviderListInput, problems: Problem[]): Map<number, Given> {
  const found = new Map<number, Given>()
  const add = (index: number, field: Field, text: string, place: string): void => {
    const before = found.get(index) ?? {}
    const other = before[field]
    if (other !== undefined && other.text !== text) {
      problems.push({ field: place, detail: `says something else than ${other.place}, which is the same setting` })
    }
    found.set(index, { ...before, [field]: { text, place } })
  }
  for (const [name, text] of Object.entries(env)) {
    const [, number, suffix = ''] = providerVariable.exec(name) ?? []
    if (number === undefined || text === undefined || text === '') continue
    const field = fields.find((one) => one === suffix)
    const inFile = secretFields.find((one) => `${one}_FILE` === suffix)
    if (field !== undefined) add(Number(number), field, text, name)
    else if (inFile !== undefined) {
      const content = read(name, text)
      // A service account's key is a file of many lines.
      if (content !== null) add(Number(number), inFile, serviceAccountKey(content) ?? content.trim(), name)
    } else if (name.startsWith('REEVE_')) {
      problems.push({ field: name, detail: `is no field of a provider; there are ${fields.join(', ')}` })
    }
  }
  return found
}

function readOne(
  given: Given,
  place: string,
  isOpen: ProviderListInput['isOpen'],
  problems: Problem[],
): ProviderSetting | null {
  const before = problems.length
  const wrong = (field: Field, detail: string): void => {
    problems.push({ field: given[field]?.place ?? place + field, detail })
  }
  const type = given.TYPE?.text ?? ''
  if (!isProviderType(type)) {
    wrong('TYPE', `must be one of ${providerTypeNames.join(', ')}`)
    return null
  }
  const name = given.NAME?.text ?? type
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) wrong('NAME', 'is not small letters, digits and single hyphens')
  if (reservedNames.has(name)) wrong('NAME', 'is a path of the management API')
  if (given.KEY !== undefined && given.KEYS !== undefined)
    wrong('KEYS', `says the same as ${given.KEY.place}; give one`)
  const more = readMore(given, type, wrong)
  const address = given.BASE_URL?.text ?? factsOf(type).addressOf?.(more.settings) ?? providerTypes[type].baseUrl
  const baseUrl = readUrl(address, (detail) => wrong('BASE_URL', detail))
  const field = given.KEYS === undefined ? 'KEY' : 'KEYS'
  const keys = [...readKeys(given[field]?.text, (detail) => wrong(field, detail)), ...more.keys]
  if (more.keys.length > 0 && more.settings.region === undefined && baseUrl !== null && regionIn(baseUrl) === null)
    wrong('BEDROCK_REGION', 'is missing: requests are signed for a region, and the base URL names none')
  if (baseUrl !== null && keys.length > 0 && isOpen(baseUrl)) {
    wrong('BASE_URL', 'would carry the key without encryption. Use https, or accept it with --insecure-http')
  }
  if (problems.length > before || baseUrl === null) return null
  const { settings } = more
  return { name, type, baseUrl, keys, keyEnv: given[field]?.place ?? `${place}KEY`, isNamed: true, settings }
}

/** What only some types have. */
function readMore(given: Given, type: ProviderType, wrong: (field: Field, detail: string) => void) {
  const text = (field: Field): string | null => given[field]?.text ?? null
  const secret = (field: Field): Secret | null => {
    const value = text(field)
    return value === null ? null : new Secret(value)
  }
  const said = bedrockFieldNames.filter((field) => given[field] !== undefined)
  if (type !== 'bedrock') for (const field of said) wrong(field, 'is for providers of the type bedrock')
  const values: BedrockGiven = {
    region: text('BEDROCK_REGION'),
    accessKey: secret('BEDROCK_ACCESS_KEY'),
    accessKeySecret: secret('BEDROCK_ACCESS_KEY_SECRET'),
    model: text('BEDROCK_MODEL'),
    smallFastModel: text('BEDROCK_SMALL_FAST_MODEL'),
  }
  return readBedrock(values, (name, detail) => {
    wrong(bedrockFieldNames.find((field) => bedrockFields[field] === name) ?? 'KEY', detail)
  })
}

function readUrl(text: string | null, wrong: (detail: string) => void): string | null {
  const reading = text === null ? { problem: 'must be set for this type' } : types.httpUrl.read(text)
  if ('value' in reading) return reading.value
  wrong(reading.problem)
  return null
}

function readKeys(text: string | undefined, wrong: (detail: string) => void): Secret[] {
  return (text ?? '')
    .split(/[,\s]+/)
    .filter((part) => part !== '')
    .flatMap((part) => {
      const reading = types.secretText.read(part)
      if ('value' in reading) return [reading.value]
      wrong(reading.problem)
      return []
    })
}

/** A listed one takes the place of the one of its type that nobody gave a key. */
export function withList(
  single: readonly ProviderSetting[],
  listed: readonly ProviderSetting[],
  problems: Problem[],
): readonly ProviderSetting[] {
  const clash = single.find(({ name, keys }) => keys.length > 0 && listed.some((other) => other.name === name))
  if (clash !== undefined) {
    const detail = `two providers are called ${clash.name}: give the listed one another NAME`
    problems.push({ field: clash.keyEnv, detail })
  }
  return [...single.filter(({ name }) => !listed.some((other) => other.name === name)), ...listed]
}
