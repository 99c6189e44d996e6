import { Registry } from 'prom-client'
import { recordingLog } from '@reeve/base'
import { readConfig } from '../../config.ts'
import { ask, type TestAnswer } from '../../http/testing.ts'
import { nextAddress, type TestIdentity, testIdentity } from '../testing.ts'
import { createOidc, type Oidc } from './oidc.ts'
import { refreshDue } from './refresh.ts'
import { oidcRoutes } from './routes.ts'

/** The routes of identity with an identity provider, which the test brings: a real one, or one that lies. */
export interface TestOidc extends TestIdentity {
  readonly oidc: Oidc
  browser(): TestBrowser
  /** Asks the provider about everybody who has a refresh token, as the timer does when they are due. */
  refreshAll(): Promise<number>
  /** The reasons of the refused sign-ins, oldest first. */
  refusals(): Promise<string[]>
  /** The roles at the site and the names of the groups that a user has. */
  holds(username: string): Promise<{ roles: string[]; groups: string[] }>
}

export const clientSecret = 'the-secret-of-this-client-at-the-provider'
export const redirectUri = 'https://reeve.test/api/v2/users/oidc/callback'

export async function testOidc(
  issuer: string,
  env: Readonly<Record<string, string>> = {},
  more: { readonly passwordSignIn?: 'owners'; readonly readFile?: (path: string) => string } = {},
): Promise<TestOidc> {
  const { oidc: config } = readConfig({
    argv: [],
    env: {
      HOME: '/home/dana',
      REEVE_ACCESS_URL: 'https://reeve.test',
      REEVE_OIDC_ISSUER_URL: issuer,
      REEVE_OIDC_CLIENT_ID: 'reeve',
      ...('REEVE_OIDC_CLIENT_KEY_FILE' in env ? {} : { REEVE_OIDC_CLIENT_SECRET: clientSecret }),
      REEVE_OIDC_AUTH_URL_PARAMS: '{"prompt":"consent"}',
      ...env,
    },
    readFile: more.readFile ?? (() => ''),
  })
  if (config === null) throw new Error('no provider is configured')
  let made: Oidc | null = null
  const world = await testIdentity({
    ...(more.passwordSignIn === undefined ? {} : { passwordSignIn: more.passwordSignIn }),
    routes: (identity, keyring) => {
      made = createOidc({ identity, config, keyring, metrics: new Registry() })
      return oidcRoutes(identity, made)
    },
  })
  if (made === null) throw new Error('the routes were not made')
  const oidc: Oidc = made
  return {
    ...world,
    oidc,
    browser: () => testBrowser(world.url),
    async refreshAll() {
      await world.db.sql.updateTable('user_links').set({ next_sync_at: world.clock.now() }).execute()
      return refreshDue(oidc, recordingLog())
    },
    async refusals() {
      const rows = await world.db.sql
        .selectFrom('audit_events')
        .select('reason')
        .where('action', '=', 'login')
        .where('outcome', '=', 'refused')
        .orderBy('id')
        .execute()
      return rows.map(({ reason }) => reason ?? '')
    },
    async holds(username) {
      const user = await world.db.sql
        .selectFrom('users')
        .select(['id', 'roles'])
        .where('username', '=', username)
        .executeTakeFirstOrThrow()
      const groups = await world.db.sql
        .selectFrom('group_members as m')
        .innerJoin('groups as g', 'g.id', 'm.group_id')
        .select('g.name')
        .where('m.user_id', '=', user.id)
        .orderBy('g.name')
        .execute()
      return { roles: user.roles, groups: groups.map(({ name }) => name) }
    },
  }
}

/** As much of a browser as a sign-in needs: cookies per site, and somebody who follows redirects when told to. */
export interface TestBrowser {
  readonly cookies: Map<string, string>
  /** Asks our server; a `https://reeve.test` address is ours too. */
  open(path: string, headers?: readonly (readonly [string, string])[]): Promise<TestAnswer & { location: string }>
  /** Goes to the provider and follows it until it sends us back; gives the address that it sends us to. */
  visit(location: string): Promise<string>
  /** The whole way. */
  signIn(path?: string): Promise<TestAnswer & { location: string }>
  /** The token of the session that the browser holds; empty when none. */
  session(): string
}

export function testBrowser(url: string): TestBrowser {
  const cookies = new Map<string, string>()
  const foreign = new Map<string, string>()
  const header = (jar: ReadonlyMap<string, string>) => [...jar].map((pair) => pair.join('=')).join('; ')

  function keep(jar: Map<string, string>, lines: readonly string[]): void {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name === undefined || value === undefined) continue
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
  }

  async function open(path: string, headers: readonly (readonly [string, string])[] = []) {
    const cookie: [string, string][] = cookies.size === 0 ? [] : [['Cookie', header(cookies)]]
    const answer = await ask(url, 'GET', path.replace('https://reeve.test', ''), {
      headers: [...cookie, ...headers],
      from: nextAddress(),
    })
    keep(cookies, [answer.headers['set-cookie'] ?? []].flat())
    return { ...answer, location: String(answer.headers['location'] ?? '') }
  }

  async function visit(location: string): Promise<string> {
    let next = location
    for (let step = 0; step < 10 && !next.startsWith(redirectUri); step++) {
      const answer = await fetch(next, { redirect: 'manual', headers: { Cookie: header(foreign) } })
      const text = await answer.text()
      keep(foreign, answer.headers.getSetCookie())
      const to = answer.headers.get('location')
      if (to === null) throw new Error(`the provider shows a page with status ${answer.status}: ${text.slice(0, 500)}`)
      next = new URL(to, next).href
    }
    return next
  }

  return {
    cookies,
    open,
    visit,
    async signIn(path = '/api/v2/users/oidc/start') {
      const begun = await open(path)
      return begun.status === 303 ? open(await visit(begun.location)) : begun
    },
    session: () => cookies.get('reeve_session') ?? cookies.get('__Host-reeve_session') ?? '',
  }
}
