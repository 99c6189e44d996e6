import type { Problem } from '@reeve/base'
import { parseDocument } from 'yaml'
import { type Option, type OptionName, options, variablesOf } from './options.ts'

/** A value and where it came from, for messages. */
export interface Given {
  readonly value: unknown
  readonly from: string
}

export type Source = ReadonlyMap<OptionName, Given>

export function fromFlags(flags: readonly { readonly option: Option; readonly value: string | boolean }[]): Source {
  const source = new Map<OptionName, Given>()
  for (const { option, value } of flags) {
    const { name, flag, kind } = known(option)
    const before = source.get(name)?.value
    const list = Array.isArray(before) ? [...before, value] : [value]
    source.set(name, { value: kind === 'texts' ? list : value, from: `--${flag}` })
  }
  return source
}

/** The table has literal names; what was found in it is one of its rows. */
const known = (option: Option) => options.find(({ name }) => name === option.name)!

export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Source {
  const source = new Map<OptionName, Given>()
  for (const option of options) {
    const name = variablesOf(option).find((one) => (env[one] ?? '') !== '')
    if (name === undefined) continue
    const text = env[name]!
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    source.set(option.name, { value: option.kind === 'texts' ? lines : text, from: name })
  }
  return source
}

/** The file: unknown keys are problems, because a misspelt key is a rule that does not hold. */
export function fromFile(
  path: string,
  text: string,
): { readonly source: Source; readonly problems: readonly Problem[] } {
  const source = new Map<OptionName, Given>()
  const document = parseDocument(text, { prettyErrors: true })
  const problems: Problem[] = document.errors.map(({ message }) => ({ field: path, detail: message.split('\n')[0]! }))
  let content: unknown = null
  try {
    if (problems.length === 0) content = document.toJS({ maxAliasCount: 0 })
  } catch {
    problems.push({ field: path, detail: 'has aliases, which are not read' })
  }
  if (content === null || content === undefined) return { source, problems }
  if (typeof content !== 'object' || Array.isArray(content)) {
    return { source, problems: [{ field: path, detail: 'must be a map of settings' }] }
  }
  for (const [key, value] of Object.entries(content)) {
    const option = options.find((one) => one.key === key)
    if (option === undefined) problems.push({ field: `${path}: ${key}`, detail: `is not known${hint(key)}` })
    else if (value !== null) source.set(option.name, { value, from: `${path}: ${key}` })
  }
  return { source, problems }
}

function hint(key: string): string {
  const bare = key.toLowerCase().replace(/[^a-z]/g, '')
  const near = options.find(
    (option) => option.key?.replaceAll('_', '') === bare || option.flag?.replaceAll('-', '') === bare,
  )
  if (near?.key != null) return `; did you mean ${near.key}?`
  return ['allow', 'rules', 'network', 'apiversion'].includes(bare)
    ? '; rules stand under allowlist, a policy document under policy'
    : ''
}
