import type { Problem } from '@reeve/base'
import { parseDocument } from 'yaml'
import { externalAuthVariable } from './config-external-auth.ts'
import { providerVariable } from './config-provider-list.ts'
import { type Option, type OptionName, options } from './config-options.ts'

/** The three places in which settings are written, each read into the same kind of record. Nothing is judged here. */

export type Source = 'flag' | 'environment' | 'file'

/** One setting as somebody wrote it down. */
export interface Given {
  readonly option: OptionName
  readonly source: Source
  /** The name that was used, for messages: `--http-address`, CODER_HTTP_ADDRESS, `http.address in reeve.yaml`. */
  readonly name: string
  readonly text: string
  /** The text names a file that holds the value. */
  readonly isFile: boolean
}

export interface SourceReading {
  readonly given: readonly Given[]
  readonly problems: readonly Problem[]
}

interface Name {
  readonly option: OptionName
  readonly isFile: boolean
}

/** Variables that other parts of the command understand; in the server's environment they are no mistake. */
const otherVariables = /^REEVE_(?:CONFIG|URL|SESSION_TOKEN|TEST_.*)$/

// SAFETY: `Object.entries` forgets the key type of a constant record.
const entries = Object.entries(options) as [OptionName, Option<unknown>][]

export function readFlags(argv: readonly string[]): SourceReading & { readonly configFile: string | null } {
  const names = nameTable((option) => [option.flag], '-file')
  const given: Given[] = []
  const problems: Problem[] = []
  let configFile: string | null = null
  const rest = [...argv]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const equals = arg.indexOf('=')
    const flag = equals === -1 ? arg : arg.slice(0, equals)
    const name = names.get(flag)
    if (name === undefined && flag !== '--config') {
      problems.push({ field: flag, detail: unknown(flag.startsWith('-') ? 'flag' : 'argument', flag, names.keys()) })
      continue
    }
    const isSwitch = name !== undefined && options[name.option].type.label === options.verbose.type.label
    const text = equals !== -1 ? arg.slice(equals + 1) : isSwitch ? 'true' : rest.shift()
    if (text === undefined) problems.push({ field: flag, detail: 'needs a value' })
    else if (name === undefined) configFile = text
    else if (given.some((other) => other.name === flag)) problems.push({ field: flag, detail: 'is given twice' })
    else given.push({ ...name, source: 'flag', name: flag, text })
  }
  return { given, problems, configFile }
}

/** An empty variable counts as unset: that is how compose files and service managers leave one out. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): SourceReading {
  const names = nameTable((option) => [option.env, ...option.aliases], '_FILE')
  const given: Given[] = []
  const problems: Problem[] = []
  for (const [variable, text] of Object.entries(env)) {
    const name = names.get(variable)
    if (text === undefined || text === '') continue
    if (name !== undefined) given.push({ ...name, source: 'environment', name: variable, text })
    else if (variable.startsWith('REEVE_') && ![otherVariables, ...lists].some((known) => known.test(variable))) {
      problems.push({ field: variable, detail: unknown('variable', variable, names.keys()) })
    }
  }
  return { given, problems }
}

/** Lists of things, which are read elsewhere. */
const lists = [externalAuthVariable, providerVariable]

export interface FileReading extends SourceReading {
  /** What stands under `external_auth`, which is a list and read by `config-external-auth.ts`. */
  readonly externalAuth: unknown
}

export function readYaml(fileName: string, content: string): FileReading {
  const document = parseDocument(content, { prettyErrors: true })
  const [error] = document.errors
  if (error !== undefined) {
    return { given: [], problems: [{ field: fileName, detail: error.message.trim() }], externalAuth: undefined }
  }
  let externalAuth: unknown
  const names = nameTable((option) => [option.yaml], '_file')
  const given: Given[] = []
  const problems: Problem[] = []

  function walk(value: unknown, path: string): void {
    const name = names.get(path)
    const field = path === '' ? fileName : `${path} in ${fileName}`
    if (value === null || value === undefined) return
    if (path === 'external_auth') externalAuth = value
    else if (name !== undefined) {
      const text = scalarText(value)
      if (text === null) problems.push({ field, detail: 'must be a single value' })
      else given.push({ ...name, source: 'file', name: field, text })
    } else if (path === '' || [...names.keys()].some((known) => known.startsWith(`${path}.`))) {
      if (typeof value !== 'object' || Array.isArray(value))
        problems.push({ field, detail: 'must be a group of settings' })
      else for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`)
    } else {
      problems.push({ field, detail: unknown('setting', path, names.keys()) })
    }
  }
  walk(document.toJS({ maxAliasCount: 20 }), '')
  return { given, problems, externalAuth }
}

function nameTable(namesOf: (option: Option<unknown>) => readonly string[], fileSuffix: string): Map<string, Name> {
  const table = new Map<string, Name>()
  for (const [key, option] of entries) {
    for (const name of namesOf(option)) {
      table.set(name, { option: key, isFile: false })
      if (option.secret) table.set(name + fileSuffix, { option: key, isFile: true })
    }
  }
  return table
}

function scalarText(value: unknown): string | null {
  if (Array.isArray(value)) return value.every((part) => scalarText(part) !== null) ? value.map(String).join(',') : null
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? String(value) : null
}

function unknown(kind: string, name: string, known: Iterable<string>): string {
  const near = nearest(name, known)
  return `is no ${kind} of the server${near === null ? '' : `; did you mean ${near}?`}`
}

function nearest(name: string, candidates: Iterable<string>): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.floor(name.length / 4)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Levenshtein's distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
