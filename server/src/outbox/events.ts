/**
 * The catalogue of what people are told. An event is data: who is told, by which methods unless somebody chose
 * otherwise, who may switch it off, and the facts that whoever causes it hands over. The words are in
 * `notifications/templates.ts`.
 */
export type Method = 'inbox' | 'smtp' | 'webhook'
export const methods: readonly Method[] = ['inbox', 'smtp', 'webhook']

/** Who is told, where it is not the person that it happened to. */
export type Audience = 'user-admins' | 'owners'

export interface EventDefinition {
  readonly title: string
  /** The heading that it stands under among the settings. */
  readonly group: 'Your account' | 'People' | 'Operation'
  readonly audience: Audience | 'concerned'
  /** The methods that are on by default, of those that the deployment has. */
  readonly on: readonly Method[]
  /** What warns of a break-in is not for an intruder to switch off. */
  readonly switchedOffBy: 'recipient' | 'nobody'
  /** Also told to people who are suspended, who cannot read their inbox. */
  readonly reachesSuspended: boolean
  readonly facts: readonly string[]
}

const everywhere: readonly Method[] = methods

const aboutYou = <const F extends string>(title: string, switchedOffBy: 'recipient' | 'nobody', facts: readonly F[]) =>
  ({
    title,
    group: 'Your account',
    audience: 'concerned',
    on: everywhere,
    switchedOffBy,
    reachesSuspended: false,
    facts,
  }) as const

const aboutPeople = <const F extends string>(title: string, facts: readonly F[]) =>
  ({
    title,
    group: 'People',
    audience: 'user-admins',
    on: ['inbox', 'webhook'],
    switchedOffBy: 'recipient',
    reachesSuspended: false,
    facts,
  }) as const

const aboutOperation = <const F extends string>(title: string, facts: readonly F[]) =>
  ({
    title,
    group: 'Operation',
    audience: 'owners',
    on: everywhere,
    switchedOffBy: 'nobody',
    reachesSuspended: false,
    facts,
  }) as const

/** `by` is the username of whoever did it; `system` where no person did. */
export const events = {
  'user-created': aboutPeople('A user was created', ['username', 'email', 'by']),
  'user-deleted': aboutPeople('A user was deleted', ['username', 'by']),
  'user-suspended': aboutPeople('A user was suspended', ['username', 'by']),
  /** `responsible` is who answered for it, and was suspended or deleted. */
  'service-account-suspended': aboutPeople('A service account was suspended, as nobody answers for it', [
    'username',
    'responsible',
    'by',
  ]),
  'user-activated': aboutPeople('A user was activated', ['username', 'by']),
  'account-suspended': { ...aboutYou('Your account was suspended', 'nobody', ['by']), reachesSuspended: true },
  'account-activated': aboutYou('Your account was activated', 'nobody', ['by']),
  /** `where` is the name of an organization, or `everywhere`; `added` and `removed` are names of roles with commas. */
  'roles-changed': aboutYou('Your roles were changed', 'nobody', ['where', 'added', 'removed', 'by']),
  'password-changed': aboutYou('Your password was changed', 'nobody', ['by']),
  'new-sign-in': aboutYou('You signed in from a new place', 'nobody', ['ip', 'agent']),
  /** `expires` is an instant, RFC 3339. */
  'token-expiring': aboutYou('A token is about to expire', 'recipient', ['token', 'owner', 'expires']),
  'external-auth-broken': aboutYou('A linked account stopped working', 'recipient', ['provider', 'reason']),
  'break-glass-sign-in': aboutOperation('Somebody signed in with the break-glass account', ['username', 'ip']),
  'audit-sink-failing': aboutOperation('The audit log cannot be delivered', ['sink', 'error', 'since']),
  test: aboutYou('A test', 'nobody', ['by']),
} as const satisfies Readonly<Record<string, EventDefinition>>

export type EventName = keyof typeof events
export type FactOf<E extends EventName> = (typeof events)[E]['facts'][number]

// SAFETY: the keys of the object above.
export const eventNames = Object.keys(events) as readonly EventName[]
export const isEventName = (text: string): text is EventName => Object.hasOwn(events, text)
export const definitionOf = (event: EventName): EventDefinition => events[event]

/** Mail to an address whose owner cannot sign in. It knows no settings, and is of no use to him after a while. */
export const mailTemplates = {
  /** `link` is secret. */
  'password-reset': { facts: ['username'], secrets: ['link'], usefulForMs: 20 * 60_000 },
} as const

export type MailTemplate = keyof typeof mailTemplates
export const isMailTemplate = (text: string): text is MailTemplate => Object.hasOwn(mailTemplates, text)
