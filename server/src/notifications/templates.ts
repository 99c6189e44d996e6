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
