import { Fault, uuidv7 } from '@reeve/base'
import { appendAudit } from '../../audit/journal.ts'
import type { Browser, RedirectAnswer, Scope } from '../../http/implement.ts'
import { contextOf } from '../../keyring/keyring.ts'
import { lockOwners, type UserRow } from '../queries.ts'
import { beginSession } from '../sign-in/sessions.ts'
import { refuseDuplicates } from '../people/users.ts'
import { attemptCookie, attemptMs, attemptOf, isHashOf, isSecret, newSecret, safeRedirect, sha256 } from './attempt.ts'
import { storableClaims } from './claims.ts'
import { oidcSignInRefused } from './events.ts'
import type { Oidc } from './oidc.ts'
import { followProfile, judge, type Refused, settle } from './people.ts'
import type { SignedIn } from './provider.ts'
import { type AttemptRow, findTestLogin, insertAttempt, takeAttempt } from './queries.ts'
import { nextRefresh } from './refresh.ts'
import { applyClaims } from './sync.ts'
import { finishTestLogin, testLoginPage } from './test-login.ts'

/**
 * The life of a sign-in: a browser is sent to the provider with a state, a nonce and a code challenge (`startSignIn`),
 * and comes back once with a code (`finishSignIn`), in the same browser, within ten minutes. Whatever is wrong with what
 * it brings back is in the audit log with its reason; who brought it is told that it was not accepted.
 */
export async function startSignIn(
  oidc: Oidc,
  wish: { readonly redirect?: string | undefined; readonly test?: string | undefined },
  scope: Scope,
  browser: Browser,
): Promise<RedirectAnswer> {
  const { identity, provider } = oidc
  const now = identity.clock.now()
  const redirect = safeRedirect(wish.redirect)
  if (redirect === null) return refuse(oidc, scope, 'the way back does not lead to a page of this console')
  if (wish.test !== undefined) {
    const test = await findTestLogin(identity.db.sql, wish.test, scope.actor?.userId, now)
    if (test?.status !== 'waiting') throw new Fault('not_found', 'there is no such test login of yours that waits')
  }
  const kept = browser.cookie(attemptCookie)
  const secret = isSecret(kept) ? kept : newSecret()
  const attempt = attemptOf(secret, newSecret())
  const begun = await provider.begin(attempt)
  if (begun.kind !== 'ok') throw away(begun.reason)
  const row = {
    state_sha256: sha256(attempt.state),
    browser_sha256: sha256(secret),
    redirect,
    test_login_id: wish.test ?? null,
    created_at: now,
    expires_at: new Date(now.getTime() + attemptMs),
  }
  await insertAttempt(identity.db.sql, row, now)
  return { location: begun.value.href, cookies: [{ name: attemptCookie, value: secret, maxAgeMs: attemptMs }] }
}

export async function finishSignIn(
  oidc: Oidc,
  query: URLSearchParams,
  scope: Scope,
  browser: Browser,
): Promise<RedirectAnswer> {
  const { identity, provider } = oidc
  const state = query.get('state')
  const secret = browser.cookie(attemptCookie)
  const row = state === null ? undefined : await takeAttempt(identity.db.sql, sha256(state))
  const now = identity.clock.now()
  if (state === null) return refuse(oidc, scope, 'there is no state')
  if (row === undefined) return refuse(oidc, scope, 'the state is unknown, or was used before')
  if (!isSecret(secret) || !isHashOf(row.browser_sha256, secret)) {
    return refuse(oidc, scope, 'the state belongs to another browser')
  }
  if (row.expires_at <= now) return refuse(oidc, scope, 'the state is older than ten minutes')

  const outcome = await provider.finish(query, attemptOf(secret, state))
  if (row.test_login_id !== null) {
    await finishTestLogin(oidc, scope, row.test_login_id, outcome)
    return { location: testLoginPage(row.test_login_id), cookies: [forgotten] }
  }
  if (outcome.kind === 'refused') return refuse(oidc, scope, outcome.reason)
  if (outcome.kind === 'unavailable') {
    await recordRefusal(oidc, scope, `the provider could not be asked: ${outcome.reason}`)
    throw away(outcome.reason)
  }
  return letIn(oidc, scope, outcome.value, row)
}

const forgotten = { name: attemptCookie, value: '', maxAgeMs: 0 }

async function letIn(oidc: Oidc, scope: Scope, who: SignedIn, { redirect }: AttemptRow): Promise<RedirectAnswer> {
  const { identity, config } = oidc
  const now = identity.clock.now()
  const done = await refuseDuplicates(() =>
    identity.db.transaction(async (tx) => {
      await lockOwners(tx)
      const verdict = await judge(tx, config, who)
      if (verdict.kind === 'refused') return { refused: verdict }
      const id = verdict.kind === 'linked_user' ? verdict.link.id : uuidv7(now)
      const user = await settle(tx, scope, verdict, who, linkFacts(oidc, id, who, now), now)
      await followProfile(tx, config, user, who.claims, scope, now)
      const isChanged = await applyClaims(tx, config, user, who.claims, scope, now)
      const token = await beginSession(tx, identity, scope, user.id, 'himself', { loginType: 'oidc' })
      return { user, token, isChanged }
    }),
  )
  if ('refused' in done) return turnAway(oidc, scope, done.refused, who)
  if (done.isChanged) identity.forget({ userId: done.user.id })
  oidc.signIns.inc({ outcome: 'ok' })
  return {
    location: redirect,
    cookies: [forgotten],
    session: { token: done.token.reveal(), maxAgeMs: identity.sessionMaxMs },
  }
}

function linkFacts({ keyring }: Oidc, id: string, { claims, refreshToken }: SignedIn, now: Date) {
  const sealed = refreshToken === null ? null : keyring.seal(refreshToken, contextOf('user_links', 'refresh_token', id))
  return { id, refresh_token: sealed, claims: storableClaims(claims), nextSyncAt: nextRefresh(now) }
}

async function turnAway(oidc: Oidc, scope: Scope, verdict: Refused, who: SignedIn): Promise<never> {
  await recordRefusal(oidc, scope, verdict.reason, verdict.user, who.subject)
  if (!verdict.isUninvited) throw notAccepted()
  const ours = 'the identity provider knows you, but you are not among those who may sign in here'
  const { uninvitedText } = oidc.config
  throw new Fault('forbidden', uninvitedText === '' ? ours : uninvitedText, { fix: 'ask whoever runs this Reeve' })
}

/** One answer for all reasons: what exactly was wrong would help whoever tries things. */
async function refuse(oidc: Oidc, scope: Scope, reason: string): Promise<never> {
  await recordRefusal(oidc, scope, reason)
  throw notAccepted()
}

async function recordRefusal(
  { identity, signIns }: Oidc,
  scope: Scope,
  reason: string,
  user: UserRow | null = null,
  subject: string | null = null,
): Promise<void> {
  signIns.inc({ outcome: 'refused' })
  const entry = oidcSignInRefused(user, reason, subject)
  await identity.db.transaction((tx) => appendAudit(tx, { scope, at: identity.clock.now(), ...entry }))
}

const notAccepted = () =>
  new Fault('unauthenticated', 'the sign-in was not accepted', {
    fix: 'start again from the sign-in page; if it stays, the audit log has the reason under this request id',
  })

const away = (reason: string) =>
  new Fault('unavailable', 'the identity provider does not answer, so that nobody new can sign in through it', {
    fix: 'try again in a moment; whoever is signed in goes on, and owners can use their password',
    detail: reason,
  })
