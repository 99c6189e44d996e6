import { Fault } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import {
  type Browser,
  implement,
  implementRedirect,
  type RedirectAnswer,
  type Route,
  type Scope,
  signedIn,
} from '../../http/implement.ts'
import { demand } from '../../http/demand.ts'
import { type Identity } from '../identity.ts'
import type { Oidc } from './oidc.ts'
import { countBreakGlassOwners, countLinks } from './queries.ts'
import { issuerOf } from './settings.ts'
import { finishSignIn, startSignIn } from './sign-in.ts'
import {
  getGroupSync,
  getOrganizationSync,
  getRoleSync,
  patchGroupSync,
  patchOrganizationSync,
  patchRoleSync,
} from './sync-settings.ts'
import { createTestLogin, getTestLogin } from './test-login.ts'

/** `oidc` is null where no identity provider is configured: its settings can be prepared, and nobody can sign in by it. */
export function oidcRoutes(identity: Identity, oidc: Oidc | null): Route[] {
  const configured = (): Oidc => {
    if (oidc !== null) return oidc
    const fix = 'set REEVE_OIDC_ISSUER_URL and REEVE_OIDC_CLIENT_ID'
    throw new Fault('not_found', 'no identity provider is configured', { fix })
  }
  const room = { identity, config: oidc?.config ?? null }
  return [
    implementRedirect(endpoints.startOidc, ({ query }, scope, browser) =>
      orPage(scope, browser, async () => startSignIn(configured(), query, scope, browser)),
    ),
    implementRedirect(endpoints.finishOidc, ({ query }, scope, browser) =>
      orPage(scope, browser, async () => finishSignIn(configured(), asSent(query), scope, browser)),
    ),
    implement(endpoints.getSignInStatus, (_, scope) => signInStatus(identity, oidc, scope)),
    implement(endpoints.getOrganizationSync, (_, scope) => getOrganizationSync(room, signedIn(scope))),
    implement(endpoints.patchOrganizationSync, ({ body }, scope) => patchOrganizationSync(room, scope, given(body))),
    implement(endpoints.getGroupSync, ({ params }, scope) => getGroupSync(room, signedIn(scope), params.organization)),
    implement(endpoints.patchGroupSync, ({ params, body }, scope) =>
      patchGroupSync(room, scope, params.organization, given(body)),
    ),
    implement(endpoints.getRoleSync, ({ params }, scope) => getRoleSync(room, signedIn(scope), params.organization)),
    implement(endpoints.patchRoleSync, ({ params, body }, scope) =>
      patchRoleSync(room, scope, params.organization, given(body)),
    ),
    implement(endpoints.createTestLogin, ({ body }, scope) => {
      demand(signedIn(scope), 'idp_settings:update', {})
      return createTestLogin(configured(), scope, body)
    }),
    implement(endpoints.getTestLogin, ({ params }, scope) => getTestLogin(configured(), signedIn(scope), params.id)),
  ]
}

/** Somebody who looks at a browser is brought back to the sign-in page, which has words for these few codes. */
async function orPage(
  { requestId, log }: Scope,
  { wantsPage }: Browser,
  work: () => Promise<RedirectAnswer>,
): Promise<RedirectAnswer> {
  try {
    return await work()
  } catch (thrown) {
    const problem = thrown instanceof Fault ? problems.get(thrown.code) : undefined
    if (!wantsPage || problem === undefined || !(thrown instanceof Fault)) throw thrown
    log.info({ code: thrown.code, detail: thrown.detail }, 'a sign-in ended at the sign-in page')
    return { location: `/login?problem=${problem}&request=${requestId}` }
  }
}

const problems: ReadonlyMap<string, string> = new Map([
  ['unauthenticated', 'refused'],
  ['forbidden', 'uninvited'],
  ['unavailable', 'unavailable'],
  ['conflict', 'refused'],
])

/** What the provider sent, whatever it is: the library that checks it wants to see all of it. */
function asSent(query: Readonly<Record<string, unknown>>): URLSearchParams {
  const texts = Object.entries(query).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return new URLSearchParams(texts)
}

/** Without the fields that were left out. */
function given<T extends object>(body: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // SAFETY: exactly the entries whose value is undefined are gone.
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

async function signInStatus(identity: Identity, oidc: Oidc | null, scope: Scope) {
  demand(signedIn(scope), 'idp_settings:read', {})
  const { db, passwordSignIn } = identity
  const facts = { password_sign_in: passwordSignIn, break_glass_owners: await countBreakGlassOwners(db.sql) }
  if (oidc === null) return { ...facts, oidc: null }
  const { config, provider, redirectUri } = oidc
  const { linked, withoutRefresh, lastSyncAt } = await countLinks(db.sql, issuerOf(config))
  const { state, problem } = provider.status()
  return {
    ...facts,
    oidc: {
      issuer: config.issuer,
      client_id: config.clientId,
      callback_url: redirectUri,
      allow_signups: config.allowSignups,
      email_domains: [...config.emailDomains],
      allowed_groups: [...config.allowedGroups],
      site_roles_field: config.siteRoles.field,
      provider: state,
      provider_problem: problem,
      linked_users: linked,
      linked_users_without_refresh: withoutRefresh,
      last_refresh_at: lastSyncAt?.toISOString() ?? null,
    },
  }
}
