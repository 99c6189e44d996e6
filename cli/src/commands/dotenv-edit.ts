import { Fault } from '@reeve/base'
import type { Edited } from './settings-file.ts'

/** An assignment as dotenv 17 reads it, which Gemini CLI has in it; whatever does not look like one is passed over there. */
const assignment =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm

/** The variables of a `.env` file. Of two with one name the last one counts. */
export function dotenvValues(text: string): ReadonlyMap<string, string> {
  return new Map(assignments(text).map(({ name, value }) => [name, value]))
}

/** Sets variables and leaves every other line as it is. */
export function setDotenv(text: string, changes: Readonly<Record<string, string>>): Edited {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const names: string[] = []
  let edited = text
  for (const [name, value] of Object.entries(changes)) {
    const found = assignments(edited).findLast((one) => one.name === name)
    if (found?.value === value) continue
    names.push(name)
    if (found === undefined) {
      const gap = edited === '' || edited.endsWith('\n') ? '' : eol
      edited += `${gap}${name}=${written(name, value)}${eol}`
    } else {
      edited = `${edited.slice(0, found.start)}${name}=${written(name, value)}${edited.slice(found.end)}`
    }
    if (dotenvValues(edited).get(name) !== value)
      throw new Fault('invalid', `${name} cannot be set among what is in the file`, {
        fix: `set ${name} there by hand`,
      })
  }
  return { text: edited, names }
}

interface Assignment {
  readonly name: string
  readonly value: string
  /** From the name to the end of the value; what is before and behind it, as `export` or a comment, is not part of it. */
  readonly start: number
  readonly end: number
}

function assignments(text: string): readonly Assignment[] {
  return [...text.matchAll(assignment)].map((match) => {
    const [whole, name = '', raw = ''] = match
    const start = match.index + whole.indexOf(name)
    const afterName = match.index + whole.indexOf(name) + name.length
    const end = raw === '' ? afterName + /^\s*[=:]/.exec(text.slice(afterName))![0].length : endOf(text, afterName, raw)
    return { name, value: valueOf(raw), start, end }
  })
}

const endOf = (text: string, from: number, raw: string): number => text.indexOf(raw, from) + raw.trimEnd().length

function valueOf(raw: string): string {
  const trimmed = raw.trim()
  const bare = trimmed.replace(/^(['"`])([\s\S]*)\1$/gm, '$2')
  return trimmed.startsWith('"') ? bare.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : bare
}

function written(name: string, value: string): string {
  if (/^[\w:/.%@~-]*$/.test(value)) return value
  if (!/['\r\n]/.test(value)) return `'${value}'`
  throw new Fault('invalid', `the value of ${name} has a quote or a line break in it`, { fix: 'give one without' })
}
