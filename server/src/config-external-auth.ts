import type { Problem } from '@reeve/base'
import {
  type GivenFields,
  type Provider,
  type ProviderField,
  providerFields,
  readProvider,
  secretFields,
} from './external-auth/provider.ts'

/**
 * The providers that accounts can be linked at are a list, which one option cannot say: `REEVE_EXTERNAL_AUTH_<n>_<field>`
 * in the environment, or items of `external_auth` in the file. A provider is described in one place: when the environment
 * names any, those of the file do not count.
 */
export interface ExternalAuthInput {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The value of `external_auth` in the file; undefined when it is not there. */
  readonly list: unknown
  readonly read: (name: string, path: string) => string | null
}

/** Variables that are read here, so that no other reader takes them for mistakes. */
export const externalAuthVariable = /^(?:REEVE|CODER)_EXTERNAL_AUTH_(\d{1,3})_([A-Z_]+)$/

export interface ExternalAuthReading {
  readonly providers: readonly Provider[]
  /** What was said and where, printable. */
  readonly said: readonly { readonly name: string; readonly value: string; readonly source: 'environment' | 'file' }[]
}

type Indexed = Map<number, GivenFields>

export function readExternalAuth(input: ExternalAuthInput, problems: Problem[]): ExternalAuthReading {
  const fromEnvironment = readVariables(input, problems)
  const source = fromEnvironment.size > 0 ? 'environment' : 'file'
  const all = fromEnvironment.size > 0 ? fromEnvironment : readList(input, problems)
  const before = problems.length
  const providers = [...all]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([index, given]) => {
      const place = source === 'environment' ? `REEVE_EXTERNAL_AUTH_${index}_` : `external_auth[${index}].`
      return readProvider(given, place, problems) ?? []
    })
  for (const [index, { id }] of providers.entries()) {
    if (providers.findIndex((other) => other.id.toLowerCase() === id.toLowerCase()) === index) continue
    problems.push({ field: 'external auth', detail: `two providers are called ${id}; give one of them another ID` })
  }
  const said = [...all.values()].flatMap((given) =>
    // SAFETY: the keys of a `GivenFields` are fields.
    (Object.keys(given) as ProviderField[]).map((field) => ({
      name: given[field]?.place ?? field,
      value: secretFields.includes(field) ? '[secret]' : (given[field]?.text ?? ''),
      source: source as 'environment' | 'file',
    })),
  )
  return { providers: problems.length > before ? [] : providers, said }
}

function readVariables({ env, read }: ExternalAuthInput, problems: Problem[]): Indexed {
  const found: Indexed = new Map()
  for (const [name, text] of Object.entries(env)) {
    const [, index, suffix = ''] = externalAuthVariable.exec(name) ?? []
    if (index === undefined || text === undefined || text === '') continue
    const field = fieldNamed(suffix)
    const fileField = fieldNamed(suffix.replace(/_FILE$/, ''))
    if (field !== null) add(found, Number(index), field, { text, place: name }, problems)
    else if (fileField !== null && secretFields.includes(fileField)) {
      const content = read(name, text)
      if (content !== null) add(found, Number(index), fileField, { text: content.trim(), place: name }, problems)
    } else if (name.startsWith('REEVE_')) {
      problems.push({
        field: name,
        detail: `is no field of a provider; there are ${Object.keys(providerFields).join(', ')}`,
      })
    }
  }
  return found
}

function readList({ list, read }: ExternalAuthInput, problems: Problem[]): Indexed {
  const found: Indexed = new Map()
  if (list === undefined || list === null) return found
  if (!Array.isArray(list)) {
    problems.push({ field: 'external_auth', detail: 'must be a list of providers' })
    return found
  }
  for (const [index, item] of list.entries()) {
    for (const [key, value] of Object.entries(Object(item))) {
      const place = `external_auth[${index}].${key}`
      const field = fieldNamed(key.toUpperCase())
      const fileField = fieldNamed(key.toUpperCase().replace(/_FILE$/, ''))
      const text = Array.isArray(value) ? value.map(String).join(' ') : String(value ?? '')
      if (field !== null) add(found, index, field, { text, place }, problems)
      else if (fileField !== null && secretFields.includes(fileField)) {
        const content = read(place, text)
        if (content !== null) add(found, index, fileField, { text: content.trim(), place }, problems)
      } else problems.push({ field: place, detail: 'is no field of a provider' })
    }
  }
  return found
}

function add(
  into: Indexed,
  index: number,
  field: ProviderField,
  given: { readonly text: string; readonly place: string },
  problems: Problem[],
): void {
  const fields = into.get(index) ?? {}
  const other = fields[field]
  if (other !== undefined && other.text !== given.text) {
    problems.push({ field: given.place, detail: `says something else than ${other.place}, which is the same setting` })
  }
  into.set(index, { ...fields, [field]: given })
}

const fieldNamed = (text: string): ProviderField | null => {
  // SAFETY: the keys of the record are its fields.
  const known = Object.keys(providerFields) as ProviderField[]
  return known.find((field) => field === text) ?? null
}
