import type { EventName, FactOf, MailTemplate } from '../outbox/events.ts'
import { oneLine, quoted, type Rendered } from './render.ts'

/** What is said of each event. Facts are hostile: `quoted` for names that people choose, `oneLine` for the rest. */

export interface Place {
  /** Where the deployment is reached; links are pages of it. */
  readonly url: string
  readonly at: Date
}

type Template<E extends EventName> = (facts: Readonly<Record<FactOf<E>, string>>, place: Place) => Rendered

const instant = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

function instantOf(text: string): string {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? quoted(text) : instant(at)
}

const page = ({ url }: Place, path: string, label: string): Rendered['action'] => ({ label, url: url + path })

const somebody = (by: string): string => (by === 'system' ? 'The system' : quoted(by))

const roles = (names: string): string => oneLine(names.split(',').join(', '))

const person = (what: string) => (facts: { username: string; by: string }, place: Place) => ({
  title: `User ${quoted(facts.username)} was ${what}`,
  paragraphs: [`${somebody(facts.by)} ${what} the user ${quoted(facts.username)} at ${instant(place.at)}.`],
  action: page(place, '/people', 'People'),
})

const taskPage = (place: Place, id: string) => page(place, `/tasks/${encodeURIComponent(id)}`, 'Task')

const task =
  <F extends { task: string; id: string; template: string }>(what: string, sentence: (facts: F) => string) =>
  (facts: F, place: Place) => ({
    title: `The task ${quoted(facts.task)} ${what}`,
    paragraphs: [`${sentence(facts)} ${instant(place.at)}.`, `Its template: ${quoted(facts.template)}`],
    action: taskPage(place, facts.id),
  })

/** Reasons of builds, in words. */
const pauses: Readonly<Record<string, string>> = {
  task_manual_pause: 'somebody paused it',
  task_auto_pause: 'nobody used it',
  limit_tokens: 'it has used up its tokens',
  limit_time: 'its time is up',
  initiator: 'somebody stopped its workspace',
  autostop: 'its workspace was to stop now',
  dormancy: 'its workspace was not used for long',
}
const resumptions: Readonly<Record<string, string>> = {
  task_resume: 'somebody resumed it',
  initiator: 'somebody started its workspace',
  autostart: 'its workspace was to start now',
}

const notYou = 'If this was not you, end your sessions, change your password and tell an administrator.'

export const templates: { readonly [E in EventName]: Template<E> } = {
  'user-created': (facts, place) => ({
    title: `User ${quoted(facts.username)} was created`,
    paragraphs: [
      `${somebody(facts.by)} created the user ${quoted(facts.username)} with the address ${quoted(facts.email)} at ${instant(place.at)}.`,
    ],
    action: page(place, '/people', 'People'),
  }),
  'user-deleted': person('deleted'),
  'user-suspended': person('suspended'),
  'service-account-suspended': ({ username, responsible }, place) => ({
    title: `Service account ${quoted(username)} was suspended`,
    paragraphs: [
      `${quoted(responsible)} answers for ${quoted(username)} and was suspended or deleted at ${instant(place.at)}. Its tokens have ended with it.`,
      'If programs still need it, hand it over to somebody, activate it and make new tokens.',
    ],
    action: page(place, '/service-accounts', 'Service accounts'),
  }),
  'user-activated': person('activated'),
  'account-suspended': ({ by }, { at }) => ({
    title: 'Your account was suspended',
    paragraphs: [
      `${somebody(by)} suspended your account at ${instant(at)}. You cannot sign in, and your sessions and tokens have ended.`,
      'Ask an administrator of the deployment if you need it back.',
    ],
    action: null,
  }),
  'account-activated': ({ by }, place) => ({
    title: 'Your account was activated',
    paragraphs: [
      `${somebody(by)} activated your account at ${instant(place.at)}. You can sign in again; tokens from before stay ended.`,
    ],
    action: page(place, '/', 'Sign in'),
  }),
  'roles-changed': (facts, place) => ({
    title: 'Your roles were changed',
    paragraphs: [
      `${somebody(facts.by)} changed what you may do ${facts.where === 'everywhere' ? 'everywhere' : `in the organization ${quoted(facts.where)}`} at ${instant(place.at)}.`,
      ...(facts.added === '' ? [] : [`Given: ${roles(facts.added)}`]),
      ...(facts.removed === '' ? [] : [`Taken away: ${roles(facts.removed)}`]),
    ],
    action: page(place, '/me', 'Your profile'),
  }),
  'password-changed': ({ by }, place) => ({
    title: 'Your password was changed',
    paragraphs: [`${somebody(by)} changed your password at ${instant(place.at)}.`, notYou],
    action: page(place, '/me', 'Your profile'),
  }),
  'new-sign-in': ({ ip, agent }, place) => ({
    title: 'You signed in from a new place',
    paragraphs: [
      `Somebody signed in as you at ${instant(place.at)} from ${oneLine(ip)}, which you had not signed in from before.`,
      `The program called itself ${quoted(agent)}.`,
      notYou,
    ],
    action: page(place, '/me', 'Your sessions'),
  }),
  'token-expiring': ({ token, owner, expires }, place) => ({
    title: `The token ${quoted(token)} is about to expire`,
    paragraphs: [
      `The token ${quoted(token)} of ${quoted(owner)} stops working at ${instantOf(expires)}. Whatever uses it needs a new one by then.`,
    ],
    action: page(place, '/tokens', 'Tokens'),
  }),
  'external-auth-broken': ({ provider, reason }, place) => ({
    title: `Your account at ${quoted(provider)} is not linked any more`,
    paragraphs: [
      `Reeve could not renew its access to your account at ${quoted(provider)}: ${oneLine(reason)}.`,
      'Link it again to go on using it from here.',
    ],
    action: page(place, '/me', 'Your profile'),
  }),
  'break-glass-sign-in': ({ username, ip }, place) => ({
    title: 'Somebody signed in with the break-glass account',
    paragraphs: [
      `${quoted(username)} signed in with a password at ${instant(place.at)} from ${oneLine(ip)}, past the identity provider.`,
      'Make sure that you know who that was and why.',
    ],
    action: page(place, '/audit', 'Audit log'),
  }),
  'audit-sink-failing': ({ sink, error, since }, place) => ({
    title: `The audit log cannot be delivered to ${quoted(sink)}`,
    paragraphs: [
      `Events have been waiting since ${instantOf(since)}. The last error: ${oneLine(error)}`,
      'Nothing is lost: they are delivered in order when the receiver takes them again.',
    ],
    action: page(place, '/audit', 'Audit log'),
  }),
  'agent-workspace-builds-used': ({ used, limit, source }, place) => ({
    title: 'The Agent Workspace Builds are used up',
    paragraphs: [
      `${oneLine(used)} are used of the ${oneLine(limit)} ${source === 'included' ? 'that are included' : 'of the licence'}, as seen at ${instant(place.at)}.`,
      'Nothing stops: tasks go on as before. Ask whoever you have your licence from for more.',
    ],
    action: page(place, '/licenses', 'Licences'),
  }),
  'workspace-build-failed': ({ workspace, transition, reason, error }, place) => ({
    title: `The ${oneLine(transition)} of your workspace ${quoted(workspace)} failed`,
    paragraphs: [
      `It was begun by itself (${oneLine(reason)}) and failed at ${instant(place.at)}.`,
      ...(error === '' ? [] : [`What it said last: ${oneLine(error)}`]),
    ],
    action: page(place, '/workspaces', 'Workspaces'),
  }),
  'workspace-does-not-stop': ({ workspace, transition, failures, error, next }, place) => ({
    title: `The workspace ${quoted(workspace)} cannot be ${transition === 'delete' ? 'deleted' : 'stopped'}`,
    paragraphs: [
      `${oneLine(failures)} attempts failed. What it is made of is still there, and may cost money.`,
      ...(error === '' ? [] : [`What the last one said: ${oneLine(error)}`]),
      `It is tried again, after ${oneLine(next)} if this attempt fails as well.`,
    ],
    action: page(place, '/workspaces', 'Workspaces'),
  }),
  'workspace-stops-soon': ({ workspace, deadline }, place) => ({
    title: `Your workspace ${quoted(workspace)} stops soon`,
    paragraphs: [`It stops at ${instantOf(deadline)} unless it is used. You can extend it on its page.`],
    action: page(place, '/workspaces', 'Workspaces'),
  }),
  'workspace-dormant': ({ workspace, deleting }, place) => ({
    title: `Your workspace ${quoted(workspace)} is dormant`,
    paragraphs: [
      'It was not used for long, and does not start by itself any more.',
      deleting === ''
        ? 'Start it when you need it again.'
        : `It is deleted at ${instantOf(deleting)}. Start it before then if you need it.`,
    ],
    action: page(place, '/workspaces', 'Workspaces'),
  }),
  'workspace-deleted': ({ workspace, by }, place) => ({
    title: `Your workspace ${quoted(workspace)} was deleted`,
    paragraphs: [`${somebody(by)} deleted it at ${instant(place.at)}.`],
    action: page(place, '/workspaces', 'Workspaces'),
  }),
  'workspace-updated': ({ workspace, version }, place) => ({
    title: `Your workspace ${quoted(workspace)} was updated`,
    paragraphs: [`It started by itself with the version ${quoted(version)} of its template.`],
    action: page(place, '/workspaces', 'Workspaces'),
  }),
  'template-updated': ({ template, version, by }, place) => ({
    title: `The template ${quoted(template)} has a new version`,
    paragraphs: [
      `${somebody(by)} made ${quoted(version)} its active version. Your workspaces of it take it when you update them.`,
    ],
    action: page(place, '/workspaces', 'Workspaces'),
  }),
  'access-requested': ({ username, what, reason, request }, place) => ({
    title: `${quoted(username)} asks for access`,
    paragraphs: [
      `A boundary denied ${quoted(what)} to ${quoted(username)}, who asks for it since ${instant(place.at)}.`,
      `The reason: ${quoted(reason)}`,
    ],
    action: page(place, `/access-requests?request=${encodeURIComponent(request)}`, 'Access requests'),
  }),
  'access-decided': ({ what, status, by, request }, place) => ({
    title: `Your access request was ${status === 'approved' ? 'approved' : 'declined'}`,
    paragraphs: [
      `${somebody(by)} ${status === 'approved' ? 'approved' : 'declined'} your request for ${quoted(what)} at ${instant(place.at)}.`,
      ...(status === 'approved' ? ['Boundaries that run have it within seconds.'] : []),
    ],
    action: page(place, `/access-requests?request=${encodeURIComponent(request)}`, 'Access requests'),
  }),
  'task-created': ({ task, id, template, by }, place) => ({
    title: `The task ${quoted(task)} was created`,
    paragraphs: [`${somebody(by)} made it of the template ${quoted(template)} at ${instant(place.at)}.`],
    action: taskPage(place, id),
  }),
  'task-working': task('is at work', () => 'Its agent works since'),
  'task-idle': task('waits for you', () => 'Its agent has nothing to do since'),
  'task-completed': task('is done', () => 'Its agent says so since'),
  'task-paused': task(
    'is paused',
    ({ reason }) => `Why: ${pauses[reason] ?? oneLine(reason)}. Its disk and conversation are kept since`,
  ),
  'task-resumed': task('goes on', ({ reason }) => `Why: ${resumptions[reason] ?? oneLine(reason)}. It was seen at`),
  'task-failed': task('failed', ({ reason }) => `${quoted(reason)} It was seen at`),
  'task-limit-reached': task('reached its limit', ({ limit, used, bound }) =>
    limit === 'tokens'
      ? `${oneLine(used)} tokens are used of the ${oneLine(bound)} that it may have. It ends since`
      : `It ran for ${oneLine(used)} seconds of the ${oneLine(bound)} that it may. It ends since`,
  ),
  'task-deleted': task('was deleted', () => 'Its workspace goes with it, since'),
  test: ({ by }, place) => ({
    title: 'A test',
    paragraphs: [`${somebody(by)} asked for this at ${instant(place.at)}. Nothing needs to be done.`],
    action: page(place, '/', 'Open Reeve'),
  }),
}

type MailFacts = Readonly<Record<string, string>>

export const mails: { readonly [T in MailTemplate]: (facts: MailFacts, place: Place) => Rendered } = {
  'password-reset': ({ username = '', link = '' }, { url }) => ({
    title: 'Choose a new password',
    paragraphs: [
      `Somebody asked for a new password for the user ${quoted(username)}. The link works once, and for a short time only.`,
      'If this was not you, nothing needs to be done: without the link nothing changes.',
    ],
    // A link of the deployment itself, or none.
    action: isPageOf(url, link) ? { label: 'Choose a new password', url: link } : null,
  }),
}

function isPageOf(url: string, link: string): boolean {
  const parsed = URL.parse(link)
  return parsed !== null && parsed.href === link && parsed.origin === new URL(url).origin && parsed.username === ''
}
