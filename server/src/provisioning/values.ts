/** Attributes as Terraform prints them: null or missing where there is none, or where it is not known yet. */
export type Values = Readonly<Record<string, unknown>>

export const text = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback)
export const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
export const flag = (value: unknown, fallback = false): boolean => (typeof value === 'boolean' ? value : fallback)

export function number(value: unknown, fallback = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}

/** Nested blocks, of which there may be any number. */
export function blocks(value: unknown): Values[] {
  return Array.isArray(value) ? value.map((one): Values => Object(one)) : []
}

/** A nested block of which there is one at most. */
export const block = (value: unknown): Values | null => blocks(value)[0] ?? null

export function textMap(value: unknown): Record<string, string> {
  const entries = Object.entries(Object(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(entries)
}
