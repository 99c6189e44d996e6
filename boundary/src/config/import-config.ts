import { Fault } from '@reeve/base'
import { allowlistDocument, importAllowlist } from '@reeve/policy'
import { fromFile } from './sources.ts'

interface Output {
  readonly readFile: (path: string) => string | null
  readonly write: (text: string) => void
  readonly warn: (text: string) => void
}

/** `boundary import config.yaml`: the allow-list of a configuration of Coder's as a policy document. */
export function importConfig(words: readonly string[], { readFile, write, warn }: Output): number {
  const [path, ...more] = words
  if (path === undefined || more.length > 0)
    throw new Fault('invalid', 'import wants one file.', { fix: 'boundary import config.yaml' })
  const text = readFile(path)
  if (text === null) throw new Fault('not_found', `${path} does not exist.`)
  const { source, problems } = fromFile(path, text)
  if (problems.length > 0) throw new Fault('invalid', `${path} cannot be read.`, { problems })
  const list: unknown = source.get('allowlist')?.value ?? []
  if (!Array.isArray(list)) throw new Fault('invalid', 'allowlist must be a list.')
  const { rules, problems: found } = importAllowlist(list.map((entry) => (entry === null ? '' : String(entry))))
  for (const { level, path: place, message, fix } of found)
    warn(`${level}: ${place}: ${message}${fix === null ? '' : `; ${fix}`}\n`)
  if (found.some(({ level }) => level === 'error')) return 1
  write(allowlistDocument('imported', rules))
  return 0
}
