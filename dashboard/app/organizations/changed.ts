export const nameHint = 'Lower-case letters, digits and single hyphens'

/** Of what a form says, what differs: nothing else is sent, so that what another person changed meanwhile stays. */
export function changedOf<T extends object>(before: { readonly [K in keyof T]: unknown }, wanted: T): Partial<T> {
  const next: Partial<T> = {}
  for (const key in wanted) if (wanted[key] !== before[key]) next[key] = wanted[key]
  return next
}
