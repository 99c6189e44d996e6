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
  readonly group: 'Your account' | 'Tasks' | 'Workspaces' | 'People' | 'Operation'
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

const aboutWorkspaces = <const F extends string>(title: string, on: readonly Method[], facts: readonly F[]) =>
  ({
    title,
    group: 'Workspaces',
    audience: 'concerned',
    on,
    switchedOffBy: 'recipient',
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

/** Of a task, told to its owner; what it is about and what was said in it is in none of them. */
const aboutTask = <const F extends string>(title: string, on: readonly Method[], facts: readonly F[]) =>
  ({
    title,
    group: 'Tasks',
    audience: 'concerned',
    on,
    switchedOffBy: 'recipient',
    reachesSuspended: false,
    facts: ['task', 'id', 'template', ...facts],
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
  /** `source` is license or included: who says the limit. */
  'agent-workspace-builds-used': aboutOperation('The Agent Workspace Builds are used up', ['used', 'limit', 'source']),
  /** `request` is the id of the access request. Told to those who may decide about it. */
  'access-requested': {
    ...aboutYou('Somebody asks for access that a boundary denied', 'recipient', [
      'username',
      'what',
      'reason',
      'request',
    ]),
    group: 'Operation',
  },
  /** `status` is approved or declined. */
  'access-decided': aboutYou('Your access request was answered', 'recipient', ['what', 'status', 'by', 'request']),
  /** What comes and goes while a task is at work is for programs, unless somebody wants to hear of it. */
  'task-created': aboutTask('A task was created', ['webhook'], ['by']),
  'task-working': aboutTask('A task began to work', ['webhook'], []),
  'task-idle': aboutTask('A task waits for you', ['webhook'], []),
  'task-completed': aboutTask('A task is done', ['inbox', 'webhook'], []),
  'task-paused': aboutTask('A task was paused', ['inbox', 'webhook'], ['reason']),
  'task-resumed': aboutTask('A task was resumed', ['inbox', 'webhook'], ['reason']),
  'task-failed': aboutTask('A task failed', everywhere, ['reason']),
  /** `limit` is tokens or time; `used` and `bound` are tokens or seconds. */
  'task-limit-reached': aboutTask('A task reached its limit', everywhere, ['limit', 'used', 'bound']),
  'task-deleted': aboutTask('A task was deleted', ['webhook'], []),
  /** `reason` is why it was begun: autostart, autostop, … */
  'workspace-build-failed': aboutWorkspaces('A build that began by itself failed', everywhere, [
    'workspace',
    'transition',
    'reason',
    'error',
  ]),
  /** `next` is a duration; the same is tried again after it. */
  'workspace-does-not-stop': aboutOperation('A workspace cannot be stopped or deleted', [
    'workspace',
    'transition',
    'failures',
    'error',
    'next',
  ]),
  'workspace-stops-soon': aboutWorkspaces(
    'A workspace is about to stop by itself',
    ['inbox'],
    ['workspace', 'deadline'],
  ),
  /** `deleting` is an instant, or empty where it stays. */
  'workspace-dormant': aboutWorkspaces('A workspace is dormant, as it was not used', everywhere, [
    'workspace',
    'deleting',
  ]),
  'workspace-deleted': aboutWorkspaces('A workspace of yours was deleted', everywhere, ['workspace', 'by']),
  'workspace-updated': aboutWorkspaces(
    'A workspace was updated as it started by itself',
    ['inbox'],
    ['workspace', 'version'],
  ),
  'template-updated': aboutWorkspaces(
    'The template of a workspace has a new version',
    ['inbox'],
    ['template', 'version', 'by'],
  ),
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
