import { recordingLog, systemClock, type Uuid } from '@reeve/base'
import { Registry } from 'prom-client'
import type { Actor } from '../access/actor.ts'
import type { Database } from '../db/database.ts'
import type { AllowedNetwork } from '../http/egress.ts'
import type { Browser, Scope } from '../http/implement.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { ProviderSetting } from './offered.ts'
import { type ProviderRoutes, providerRoutes } from './routes.ts'
import { openProviders, type Providers } from './source.ts'

/** For tests: the room of one replica, with its routes called as the server calls them. */
export interface TestProviders extends AsyncDisposable {
  readonly providers: Providers
  readonly registry: Registry
  readonly lines: ReturnType<typeof recordingLog>['lines']
  call(name: string, params?: object, body?: unknown): Promise<unknown>
}

const owner: Actor = {
  userId: '01900000-0000-7000-8000-000000000001' satisfies Uuid,
  username: 'dana',
  organizationIds: [],
  groupIds: [],
  roles: [],
  apiKeyId: 'abcdefghij',
  scopes: ['all'],
  allowList: null,
}

const noBrowser: Browser = { cookie: () => null, wantsPage: false }

export async function testProviders(
  db: Database,
  keyring: Keyring,
  given: {
    settings?: readonly ProviderSetting[]
    outboundAllowed?: readonly AllowedNetwork[]
    /** What gateways tell; none runs unless a test says so. */
    standing?: ProviderRoutes['standing']
  } = {},
): Promise<TestProviders> {
  const log = recordingLog()
  const registry = new Registry()
  const outboundAllowed = given.outboundAllowed ?? []
  const providers = await openProviders({
    settings: given.settings ?? [],
    scripted: false,
    db,
    keyring,
    outboundAllowed,
    connectTimeoutMs: 2_000,
    clock: systemClock,
    log,
    metrics: registry,
  })
  const routes = providerRoutes({
    providers,
    db,
    keyring,
    outboundAllowed,
    standing: given.standing ?? (async () => []),
    clock: systemClock,
    log,
  })
  const scope: Scope = {
    actor: owner,
    requestId: 'request',
    sourceIp: '127.0.0.1',
    userAgent: null,
    signal: new AbortController().signal,
    log,
  }
  return {
    providers,
    registry,
    lines: log.lines,
    async call(name, params = {}, body = undefined) {
      const route = routes.find((candidate) => candidate.endpoint.name === name)
      if (route === undefined) throw new Error(`no route ${name}`)
      const answer = await route.answer({ params, query: {}, body }, scope, noBrowser)
      return answer.kind === 'json' ? answer.result : null
    },
    [Symbol.asyncDispose]: () => providers[Symbol.asyncDispose](),
  }
}
