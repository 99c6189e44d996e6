/** How long something is granted for, as people choose it. */
export const durations: readonly (readonly [seconds: number, title: string])[] = [
  [3600, '1 hour'],
  [8 * 3600, '8 hours'],
  [86_400, '1 day'],
  [7 * 86_400, '7 days'],
  [30 * 86_400, '30 days'],
]

export const scopes = {
  session: { title: 'this boundary', hint: 'Only while this command runs' },
  user: { title: 'one person', hint: 'Every boundary of whoever asks' },
  organization: { title: 'the organization', hint: 'Everybody in it' },
} as const

export type Scope = keyof typeof scopes

export const isScope = (text: string): text is Scope => text in scopes
