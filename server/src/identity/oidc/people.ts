import { randomInt } from 'node:crypto'
import { Fault } from '@reeve/base'
import { appendAudit } from '../../audit/journal.ts'
import type { Executor, Tx } from '../../db/database.ts'
import type { Scope } from '../../http/implement.ts'
import { anyUserExists, findUser, lockUser, type UserRow } from '../queries.ts'
import { addUser } from '../people/users.ts'
import { claimValues, describePerson, domainOf, nthUsername, type Person } from './claims.ts'
import { profileSynced, userLinked } from './events.ts'
import type { SignedIn } from './provider.ts'
import { findLink, insertLink, isLinked, type LinkRow, updateProfile, updateLink } from './queries.ts'
import type { OidcConfig } from './settings.ts'

/**
 * Who somebody is here who is known over there. The pair of issuer and subject decides, and nothing else does once there
 * is a link. An e-mail address may lead to an account once: when it is verified, the account waits for a sign-in from
 * elsewhere (it has no password), and nobody else is linked to it.
 */
export type Verdict =
  | { readonly kind: 'linked_user'; readonly user: UserRow; readonly link: LinkRow }
  | { readonly kind: 'existing_user'; readonly user: UserRow }
  | { readonly kind: 'new_user'; readonly person: Person & { readonly email: string } }
  | Refused

export interface Refused {
  readonly kind: 'refused'
  readonly user: UserRow | null
  /** For the audit log and for administrators. */
  readonly reason: string
  /** Whether it is said that the person is not among those who are let in; else nothing is said. */
  readonly isUninvited: boolean
}

const refused = (reason: string, user: UserRow | null = null): Refused => ({
  kind: 'refused',
  user,
  reason,
  isUninvited: false,
})
const uninvited = (reason: string): Refused => ({ kind: 'refused', user: null, reason, isUninvited: true })

export async function judge(db: Executor, config: OidcConfig, who: SignedIn): Promise<Verdict> {
  const person = describePerson(who.claims, config)
  const barred = barrier(config, who, person)
  if (barred !== null) return barred
  const link = await findLink(db, who.issuer, who.subject)
  if (link !== undefined) {
    const user = await findUser(db, { id: link.user_id })
    if (user === undefined) return refused('the linked user was deleted')
    return standsInTheWay(user) ?? { kind: 'linked_user', user, link }
  }
  const { email } = person
  if (email === null) return refused('the provider gave no e-mail address that can be one')
  if (!person.isEmailVerified) return refused('the e-mail address is not verified')
  const user = await findUser(db, { email })
  if (user !== undefined) return (await closedTo(db, user)) ?? { kind: 'existing_user', user }
  if (!config.allowSignups) return uninvited('nobody is signed up here: REEVE_OIDC_ALLOW_SIGNUPS is off')
  // Whoever comes first must not keep the owner from finishing the setup.
  if (!(await anyUserExists(db))) return refused('the setup is not finished')
  return { kind: 'new_user', person: { ...person, email } }
}

/** What the operator demands of everybody who comes in this way. */
function barrier(config: OidcConfig, { claims }: SignedIn, person: Person): Refused | null {
  if (config.emailDomains.length > 0) {
    const { email, isEmailVerified } = person
    const isInside = email !== null && isEmailVerified && config.emailDomains.includes(domainOf(email))
    if (!isInside) return uninvited('the e-mail address is in none of the domains of REEVE_OIDC_EMAIL_DOMAIN')
  }
  return isInAllowedGroup(config, claims) ? null : uninvited('none of the groups is in REEVE_OIDC_ALLOWED_GROUPS')
}

export function isInAllowedGroup(config: OidcConfig, claims: SignedIn['claims']): boolean {
  if (config.allowedGroups.length === 0) return true
  const groups = claimValues(claims, config.defaults.groups.field) ?? []
  return groups.some((group) => config.allowedGroups.includes(group))
}

function standsInTheWay(user: UserRow): Refused | null {
  if (user.status === 'suspended') return refused('suspended', user)
  return user.is_service_account ? refused('a service account does not sign in', user) : null
}

/** An account that exists is taken over by nobody: not one with a password, and not one that somebody else signs in to. */
async function closedTo(db: Executor, user: UserRow): Promise<Refused | null> {
  const stands = standsInTheWay(user)
  if (stands !== null) return stands
  if (user.login_type !== 'oidc' && user.login_type !== 'none') {
    return refused(`the e-mail address is that of an account that signs in by ${user.login_type}`, user)
  }
  if (!(await isLinked(db, user.id))) return null
  return refused('the e-mail address is that of an account that is linked to another identity', user)
}

/** The user behind the verdict, made or linked where need be. */
export async function settle(
  tx: Tx,
  scope: Scope,
  verdict: Exclude<Verdict, Refused>,
  who: SignedIn,
  linkFacts: Pick<LinkRow, 'id' | 'refresh_token'> & { readonly claims: string; readonly nextSyncAt: Date },
  now: Date,
): Promise<UserRow> {
  const { id, refresh_token, claims, nextSyncAt } = linkFacts
  const fresh = { refresh_token, claims, synced_at: now, updated_at: now, next_sync_at: nextSyncAt, failures: 0 }
  if (verdict.kind === 'linked_user') {
    await updateLink(tx, verdict.link.id, fresh)
    return verdict.user
  }
  const user =
    verdict.kind === 'new_user' ? await signUp(tx, scope, verdict.person, now) : await waiting(tx, verdict.user)
  const { issuer, subject } = who
  await insertLink(tx, { id, issuer, subject, user_id: user.id, created_at: now, ...fresh })
  if (user.login_type !== 'oidc') await updateProfile(tx, user.id, { login_type: 'oidc' }, now)
  const own = { ...scope, actor: null }
  await appendAudit(tx, { scope: own, at: now, ...userLinked(user, issuer, subject) })
  return { ...user, login_type: 'oidc' }
}

async function signUp(tx: Tx, scope: Scope, person: Person & { email: string }, now: Date): Promise<UserRow> {
  const facts = {
    email: person.email,
    username: await freeUsername(tx, person),
    name: person.name,
    loginType: 'oidc',
    hash: null,
    roles: [],
    organizationIds: [],
  } as const
  return addUser(tx, facts, now, { ...scope, actor: null })
}

async function waiting(tx: Tx, user: UserRow): Promise<UserRow> {
  const locked = await lockUser(tx, user.id)
  if (locked === undefined) throw new Fault('unauthenticated', 'the sign-in was not accepted')
  return locked
}

const tries = 50

async function freeUsername(db: Executor, { username }: Person): Promise<string> {
  for (let n = 1; n <= tries; n++) {
    const candidate = nthUsername(username, n)
    if ((await findUser(db, { username: candidate })) === undefined) return candidate
  }
  return nthUsername(username, randomInt(1_000_000, 999_999_999))
}

/** The name and the address follow the provider's; an address only while it is verified and nobody else's. */
export async function followProfile(
  tx: Tx,
  config: OidcConfig,
  user: UserRow,
  claims: SignedIn['claims'],
  scope: Pick<Scope, 'requestId' | 'sourceIp' | 'userAgent'>,
  now: Date,
): Promise<void> {
  const person = describePerson(claims, config)
  const diff: Record<string, { old: string; new: string }> = {}
  if (person.name !== '' && person.name !== user.name) diff['name'] = { old: user.name, new: person.name }
  const email = person.isEmailVerified ? person.email : null
  if (email !== null && email !== user.email.toLowerCase() && (await findUser(tx, { email })) === undefined) {
    diff['email'] = { old: user.email, new: email }
  }
  if (Object.keys(diff).length === 0) return
  const set = Object.fromEntries(Object.entries(diff).map(([field, change]) => [field, change.new]))
  await updateProfile(tx, user.id, set, now)
  await appendAudit(tx, { scope: { ...scope, actor: null }, at: now, ...profileSynced(user, diff) })
}
