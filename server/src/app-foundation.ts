import type { IncomingHttpHeaders } from 'node:http'
import { type Clock, Fault, type Log } from '@reeve/base'
import type { Registry } from 'prom-client'
import { type BoundaryCalls, openBoundaryCalls } from './boundaries/calls.ts'
import type { Config } from './config.ts'
import { traceSettings } from './config-tracing.ts'
import { type Database, openDatabase } from './db/database.ts'
import type { Connection } from './db/connection.ts'
import { migrate, waitForMigrations } from './db/migrate.ts'
import { onceUp } from './db/once-up.ts'
import { type SourceAddress, sourceAddress } from './http/source-address.ts'
import { type Authenticator, createAuthenticator } from './identity/tokens/authenticate.ts'
import { recordNewKey, systemScope } from './key-rotation/rotation.ts'
import type { Keyring } from './keyring/keyring.ts'
import { checkKeysOf, openKeyring } from './keyring/open-keyring.ts'
import { openProviders, type Providers } from './providers/source.ts'
import { openRules, type Rules } from './rules/source.ts'
import { startTracing, type Tracing } from './tracing/tracing.ts'

/** What both roles stand on. */
export interface Foundation {
  readonly config: Config
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  readonly db: Database
  readonly keyring: Keyring
  readonly authenticator: Authenticator
  readonly providers: Providers
  readonly rules: Rules
  readonly boundaryCalls: BoundaryCalls
  /** Null where nothing is traced. */
  readonly tracing: Tracing | null
  readonly source: SourceAddress
  /** Whether people and agents come by https, be it up to a proxy in front. */
  readonly https: boolean
}

export interface FoundationOptions {
  readonly config: Config
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  readonly connection: Connection
  /** Whether this process may change what all share: the shape of the database, and the first key. */
  readonly leads: boolean
  /** Aborts when the server is asked to stop before it has started. */
  readonly signal: AbortSignal
  /** The other end of the connection, where that is not who asks but who relays for him. */
  readonly peer?: (headers: IncomingHttpHeaders) => string | undefined
}

/** Relaying asks the database for little, and there may be many gateway processes. */
const poolSizes = { control: 10, gateway: 4 } as const

/** What it opens is closed with `undo`. */
export async function layFoundation(undo: AsyncDisposableStack, options: FoundationOptions): Promise<Foundation> {
  const { config, version, clock, log, metrics, connection, leads, signal, peer } = options
  const poolSize = leads ? poolSizes.control : poolSizes.gateway
  const opened = openDatabase(connection, { log, applicationName: 'reeve', poolSize })
  const db = undo.adopt(opened, (open: Database) => open.close())
  const keys = { db, keys: config.encryptionKeys, dataDir: config.dataDir, mayMake: leads }
  const ready = async (): Promise<void> => {
    if (!leads) return waitForMigrations(connection, { log, signal })
    await checkKeysOf(keys)
    await migrate(connection, { log })
  }
  await reach(() => onceUp(ready, { log, signal }), config)
  const keyring = await openKeyring({ ...keys, clock, log, recordNewKey: recordNewKey(systemScope(clock)) })
  const authenticator = undo.use(await createAuthenticator({ db, clock, log, outageMs: config.bridge.tokenOutageMs }))
  const providers = undo.use(
    await openProviders({
      settings: config.bridge.providers,
      scripted: config.bridge.enabled && config.bridge.scripted,
      db,
      keyring,
      outboundAllowed: config.outboundAllowed,
      connectTimeoutMs: config.bridge.connectTimeoutMs,
      clock,
      log,
      metrics,
    }),
  )
  const rules = undo.use(await openRules({ db, clock, log, metrics }))
  const boundaryCalls = undo.use(await openBoundaryCalls({ db, accessUrl: config.accessUrl, clock, log }))
  const settings = config.trace === null ? null : traceSettings(config.trace, version)
  const tracing = settings === null ? null : undo.use(await startTracing({ settings, log, metrics }))
  const source = sourceAddress(config.trustedProxies, peer && (({ headers }) => peer(headers)))
  return {
    ...options,
    db,
    keyring,
    authenticator,
    providers,
    rules,
    boundaryCalls,
    tracing,
    source,
    https: isHttps(config),
  }
}

export const isHttps = (config: Config): boolean =>
  config.tls !== null || config.accessUrl?.startsWith('https:') === true

/** The first thing that talks to the database finds out whether it can be reached at all. */
async function reach(work: () => Promise<void>, config: Config): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    const where = config.postgresUrl === null ? 'the built-in PostgreSQL' : postgresPlace(config.postgresUrl.reveal())
    throw new Fault(
      'unavailable',
      `${where} cannot be used: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      {
        fix:
          config.postgresUrl === null
            ? 'look at the log above; the data is left as it is'
            : 'check REEVE_POSTGRES_URL, that the server runs, and that it accepts this user from here',
        cause: thrown,
      },
    )
  }
}

/** The address without user and password. */
function postgresPlace(given: string): string {
  const { host, pathname } = new URL(given)
  return `PostgreSQL at ${host === '' ? 'its socket' : host}${pathname}`
}
