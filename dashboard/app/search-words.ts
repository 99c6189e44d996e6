/**
 * What an address says behind its question mark. A search parameter that is not understood is dropped; what stays is a
 * plain string, so that an address reads as it is written.
 */
export type Search = Record<string, unknown>

const word = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

export function words<K extends string>(search: Search, ...names: readonly K[]): { [N in K]?: string | undefined } {
  const found: { [N in K]?: string | undefined } = {}
  for (const name of names) {
    const value = word(search[name])
    if (value !== undefined) found[name] = value
  }
  return found
}

/** Plain strings, with what may stand in a query as it is left readable. */
export function stringifySearch(search: Search): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') query.append(name, value)
  }
  return query.size === 0
    ? ''
    : `?${query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/')}`
}
