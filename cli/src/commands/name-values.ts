import { Fault } from '@reeve/base'

/** `name=value` as flags have it. */
export function pairsOf(given: readonly string[]): { name: string; value: string }[] {
  return given.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new Fault('invalid', `${JSON.stringify(text)} is not name=value`)
    return { name: text.slice(0, at), value: text.slice(at + 1) }
  })
}

/** The last of those of one name holds. */
export const labelsOf = (given: readonly string[]): Record<string, string> =>
  Object.fromEntries(pairsOf(given).map(({ name, value }) => [name, value]))
