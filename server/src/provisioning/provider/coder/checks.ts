import type { Check } from '../schema.ts'
import type { Value } from '../values.ts'

export const oneOf = (...allowed: readonly string[]): Check => {
  return (value) =>
    allowed.includes(String(value)) ? null : `It has to be one of ${quoted(allowed)}, not ${shown(value)}.`
}

export const lengthAtMost = (most: number): Check => {
  return (value) => {
    const length = [...String(value)].length
    return length <= most ? null : `It has to be at most ${most} characters long, not ${length}.`
  }
}

export const atLeast = (least: number): Check => {
  return (value) => (Number(value) >= least ? null : `It has to be at least ${least}, not ${String(value)}.`)
}

export const between = (least: number, most: number): Check => {
  return (value) =>
    Number(value) >= least && Number(value) <= most
      ? null
      : `It has to be between ${least} and ${most}, not ${String(value)}.`
}

export const notEmpty: Check = (value) => (String(value).trim() === '' ? 'It must not be empty.' : null)

export const variableName: Check = (value) => {
  const fits = /^[a-z_][a-z0-9_]*$/i.test(String(value))
  return fits ? null : `It has to be of letters, digits and underscores, and begin with no digit, not ${shown(value)}.`
}

export const uuid: Check = (value) => {
  const fits = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(String(value))
  return fits ? null : `It has to be an id, which is a UUID, not ${shown(value)}.`
}

export const webAddress: Check = (value) => {
  return value === '' || isWeb(URL.parse(String(value)))
    ? null
    : `It has to be an address that begins with http:// or https://, not ${shown(value)}.`
}

/** What people may follow: a path of the deployment or an address, and nothing that a browser would run. */
export const link: Check = (value) => {
  const url = URL.parse(String(value), 'https://deployment.invalid')
  return isWeb(url) ? null : `It has to be a link to a page, not ${shown(value)}.`
}

const isWeb = (url: URL | null) => url !== null && ['http:', 'https:'].includes(url.protocol)

export const absolutePath: Check = (value) => {
  return String(value).startsWith('/') ? null : `It has to be an absolute path, not ${shown(value)}.`
}

/** Values as a sentence names them: `"a", "b" or "c"`. */
export function quoted(values: readonly string[]): string {
  const all = values.map(shown)
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

export function shown(value: Value): string {
  return JSON.stringify(String(value))
}

/** Each text that is there more than once, and where it is for the last time. Templates may have very many blocks. */
export function repeated(values: readonly (Value | undefined)[]): { readonly text: string; readonly index: number }[] {
  const seen = new Set<string>()
  const again = new Map<string, number>()
  values.forEach((value, index) => {
    if (typeof value !== 'string') return
    if (seen.has(value)) again.set(value, index)
    seen.add(value)
  })
  return [...again].map(([text, index]) => ({ text, index }))
}
