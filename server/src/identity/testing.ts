import { type Clock, type Log, manualClock, silentLog } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { Registry } from 'prom-client'
import { auditRoutes } from '../audit/routes.ts'
import { testAuditLog } from '../audit/testing.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { statusOf } from '../http/faults.ts'
import type { Route } from '../http/implement.ts'
import { openListener } from '../http/listener.ts'
import { createApi } from '../http/serve.ts'
import { ask, type CallOptions, type TestAnswer } from '../http/testing.ts'
import { sourceAddress } from '../http/source-address.ts'
import type { Actor } from '../access/actor.ts'
import { createKeyring, type Keyring } from '../keyring/keyring.ts'
import { newKey } from '../keyring/seal.ts'
import { type Authenticator, createAuthenticator } from './tokens/authenticate.ts'
import type { Identity } from './identity.ts'
import { createSignInMetrics } from './sign-in/metrics.ts'
import { createPasswords } from './sign-in/password.ts'
import { identityRoutes } from './routes.ts'
import { renewSession } from './sign-in/renewal.ts'
import { openDeployment } from './people/setup.ts'

/** The routes of identity and audit, served over a real socket from a real database, with a clock that tests move. */
export interface TestIdentity extends AsyncDisposable {
  readonly url: string
  readonly db: TestDatabase
  readonly clock: Clock & { advance(ms: number): void }
  readonly authenticator: Authenticator
  readonly identity: Identity
  readonly keyring: Keyring
  readonly setupToken: string
  call(method: string, path: string, options?: CallOptions): Promise<TestAnswer>
  /** Makes the first owner, and further users with the given roles; gives their session tokens. */
  owner(): Promise<string>
  person(username: string, ...roles: string[]): Promise<string>
  signIn(username: string, password?: string): Promise<string>
  /** What the audit log says, oldest first. */
  audit(): Promise<
    {
      action: string
      resource_type: string
      resource_target: string
      outcome: string
      actor_id: string | null
      diff: unknown
    }[]
  >
}

/** Every answer that the tests of a file were given: method, path template, status. */
const seen = new Set<string>()

/** The answers that endpoints declare and no test of this file was given. */
export function answersNotSeen(...names: (keyof typeof endpoints)[]): string[] {
  return names
    .map((name) => endpoints[name])
    .flatMap(({ method, path, status, faults }) =>
      [status, ...faults.map(statusOf)].map((code) => `${method} ${path} ${code}`),
    )
    .filter((answer) => !seen.has(answer))
}

export const testPassword = 'correct horse battery'

/** Further routes, of those who stand on identity. */
type MoreRoutes = (identity: Identity, keyring: Keyring) => readonly Route[]

export async function testIdentity(
  options: { localOnly?: boolean; log?: Log; passwordSignIn?: 'everyone' | 'owners'; routes?: MoreRoutes } = {},
): Promise<TestIdentity> {
  await using undo = new AsyncDisposableStack()
  const { localOnly = true, log = silentLog, passwordSignIn = 'everyone', routes = () => [] } = options
  const db = undo.use(await testDatabase())
  const clock = manualClock(new Date())
  const { setupToken } = await openDeployment({ db, clock })
  const authenticator = undo.use(await createAuthenticator({ db, clock, log, outageMs: 5 * 60_000 }))
  const keyring = createKeyring([newKey()])
  const identity: Identity = {
    db,
    clock,
    log,
    passwords: createPasswords(),
    keyring,
    forget: authenticator.forget,
    accessUrl: 'https://reeve.test',
    sessionMs: 86_400_000,
    sessionMaxMs: 30 * 86_400_000,
    passwordSignIn,
    sendsMail: true,
    oidcButton: null,
    tokens: { defaultLifetimeMs: 30 * 86_400_000, maxLifetimeMs: 365 * 86_400_000 },
    localOnly,
    ...createSignInMetrics(new Registry()),
  }
  const api = createApi({
    routes: [...routes(identity, keyring), ...identityRoutes(identity), ...auditRoutes(testAuditLog(db, clock))],
    authenticate: (token): Promise<Actor | null> => authenticator.authenticate(token),
    renew: (scope) => renewSession(identity, scope),
    sourceAddress: sourceAddress([{ address: '127.0.0.1', prefix: 32, family: 'ipv4' }]),
    origins: () => ['http://reeve.test'],
    https: false,
    metrics: { observe: (method, route, status) => void seen.add(`${method} ${route} ${status}`) },
    clock,
    log,
    stopping: new AbortController().signal,
  })
  const listener = await openListener({ address: { host: '127.0.0.1', port: 0 }, tls: null, handle: api })
  undo.defer(() => listener.close(0, AbortSignal.abort()))
  const url = `http://127.0.0.1:${listener.port}`
  const call = (method: string, path: string, given?: CallOptions) => ask(url, method, path, given)
  const email = (username: string) => `${username}@example.com`

  async function signIn(username: string, password = testPassword): Promise<string> {
    const answer = await call('POST', '/api/v2/users/login', {
      body: { email: email(username), password },
      from: nextAddress(),
    })
    return answer.json.session_token
  }
  let ownerToken = ''
  async function owner(): Promise<string> {
    if ((await authenticator.authenticate(ownerToken)) !== null) return ownerToken
    const body = { email: email('dana'), username: 'dana', password: testPassword, setup_token: setupToken?.reveal() }
    await call('POST', '/api/v2/users/first', { body, from: nextAddress() })
    ownerToken = await signIn('dana')
    return ownerToken
  }

  const resources = undo.move()
  return {
    url,
    db,
    clock,
    authenticator,
    identity,
    keyring,
    setupToken: setupToken?.reveal() ?? '',
    call,
    owner,
    signIn,
    async person(username, ...roles) {
      const body = { email: email(username), username, password: testPassword, roles }
      await call('POST', '/api/v2/users', { token: await owner(), body })
      return signIn(username)
    },
    audit: () =>
      db.sql
        .selectFrom('audit_events')
        .select(['action', 'resource_type', 'resource_target', 'outcome', 'actor_id', 'diff'])
        .orderBy('id')
        .execute(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

let addresses = 0
/** An address that no rate limit has seen. */
export const nextAddress = (): string => `10.1.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`
