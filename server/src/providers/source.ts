import { type Clock, Fault, type Log, toError } from '@reeve/base'
import type { Connect, ProviderKey } from '@reeve/bridge'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { reread } from '../db/reread.ts'
import { addressCheck, type AllowedNetwork, checkedConnector } from '../http/egress.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { keyContext } from './change.ts'
import { isPlaceholder, offerBroken, type Offered, offerSetting, offerStored, type ProviderSetting } from './offered.ts'
import { isProviderType } from './provider-types.ts'
import { type ProviderWithKeys, providersChannel, selectProviders, settingsIn } from './queries.ts'
import { offerScripted } from './scripted.ts'

/** Where the gateway has its providers from. */
export interface ProviderSource {
  /** By name, as they are now. What did not change is the same object as before. */
  current(): ReadonlyMap<string, Offered>
}

export interface Providers extends ProviderSource, AsyncDisposable {
  /** Those of the environment that have a key or a name of their own: they win over stored ones. */
  readonly settings: ReadonlyMap<string, ProviderSetting>
  /** Names that no stored provider can have. */
  isTaken(name: string): boolean
  /** Reads what is stored once more; throws when that cannot be done, and then what was known stays. */
  reload(): Promise<void>
}

export interface ProvidersOptions {
  readonly settings: readonly ProviderSetting[]
  /** Whether the built-in providers that answer from a script are offered. */
  readonly scripted: boolean
  readonly db: Database
  readonly keyring: Pick<Keyring, 'open'>
  readonly outboundAllowed: readonly AllowedNetwork[]
  readonly connectTimeoutMs: number
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}

interface Known {
  /** What the stored provider was made of. */
  readonly mark: string
  readonly offered: Offered
}

/**
 * The providers of this replica: those of the environment, and the stored ones as they were read last. They are read
 * again with every change that is committed anywhere. An open request goes on with the provider that it began with.
 */
export async function openProviders(options: ProvidersOptions): Promise<Providers> {
  const { db, keyring, log, metrics } = options
  await using undo = new AsyncDisposableStack()
  const fixed = new Map(options.settings.filter((one) => !isPlaceholder(one)).map((one) => [one.name, one]))
  const placeholders = options.settings.filter(isPlaceholder).map((one) => [one.name, offerSetting(one)] as const)
  const own = new Map([...fixed].map(([name, setting]) => [name, offerSetting(setting)]))
  for (const [name, offered] of options.scripted ? await offerScripted(undo) : []) own.set(name, offered)
  // One for all of them, so that they share connections from one reading to the next.
  const connect: Connect = checkedConnector(addressCheck(options.outboundAllowed), {
    timeout: options.connectTimeoutMs,
  })
  const reloads = new Counter({
    name: 'reeve_ai_provider_reloads_total',
    help: 'How often the stored providers were read.',
    labelNames: ['outcome'],
    registers: [metrics],
  })
  const reloaded = new Gauge({
    name: 'reeve_ai_provider_reload_timestamp_seconds',
    help: 'When the stored providers were read last, by how that ended.',
    labelNames: ['outcome'],
    registers: [metrics],
    aggregator: 'max',
  })
  const count = (outcome: 'ok' | 'failed'): void => {
    reloads.inc({ outcome })
    reloaded.set({ outcome }, options.clock.now().getTime() / 1_000)
  }
  const warned = new Set<string>()
  let known: ReadonlyMap<string, Known> = new Map()
  let current: ReadonlyMap<string, Offered> = new Map()

  function offer(stored: ProviderWithKeys): Known | null {
    const { row, keys } = stored
    if (!isProviderType(row.type)) {
      warnOnce(log, warned, row.name, `the stored provider ${row.name} is of a type that this release does not know`)
      return null
    }
    const mark = JSON.stringify([row, keys.map(({ id, weight, value }) => [id, weight, value])])
    const before = known.get(row.name)
    if (before?.mark === mark) return before
    const { name, type, base_url: baseUrl, enabled } = row
    const settings = settingsIn(row)
    let opened: readonly ProviderKey[] = []
    try {
      opened = keys.map((key) => {
        return { id: key.id, secret: keyring.open(key.value, keyContext(key.id)), weight: key.weight }
      })
    } catch (thrown) {
      const detail = thrown instanceof Fault ? thrown.detail : undefined
      log.error({ provider: name, detail, err: toError(thrown) }, 'the keys of a stored provider cannot be opened')
      const why = `The keys of the provider ${name} cannot be opened here. An administrator has to look at the log.`
      // Not remembered: the next reading tries again.
      return { mark: '', offered: offerBroken({ name, type, baseUrl, enabled, settings, keys: [] }, why) }
    }
    const made = { name, type, baseUrl, enabled, settings, keys: opened }
    try {
      return { mark, offered: offerStored(made, row.allow_private ? null : connect) }
    } catch (thrown) {
      return { mark, offered: offerBroken(made, `${toError(thrown).message}.`) }
    }
  }

  async function read(): Promise<void> {
    try {
      const stored = await selectProviders(db.sql)
      const next = new Map<string, Known>()
      for (const one of stored) {
        const { name } = one.row
        if (own.has(name))
          warnOnce(log, warned, name, `the environment has a provider ${name}, and the stored one rests`)
        else {
          const offered = offer(one)
          if (offered !== null) next.set(name, offered)
        }
      }
      known = next
      current = new Map([...placeholders, ...[...next].map(([name, { offered }]) => [name, offered] as const), ...own])
      count('ok')
    } catch (thrown) {
      count('failed')
      throw thrown
    }
  }

  const what = 'the stored providers'
  const reading = undo.use(await reread({ connection: db.connection, channel: providersChannel, read, what, log }))
  registerStates(metrics, () => current)
  const running = undo.move()
  return {
    current: () => current,
    settings: fixed,
    isTaken: (name) => own.has(name),
    reload: reading.now,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function warnOnce(log: Log, warned: Set<string>, name: string, message: string): void {
  if (warned.has(name)) return
  warned.add(name)
  log.warn({ provider: name }, message)
}

function registerStates(registry: Registry, current: () => ReadonlyMap<string, Offered>): void {
  const gauge = new Gauge({
    name: 'reeve_ai_providers',
    help: 'Providers that are offered, by whether requests are passed on to them.',
    labelNames: ['state'],
    registers: [],
    // Every process has all of them.
    aggregator: 'max',
    collect() {
      const all = [...current().values()]
      const ready = all.filter(({ missing }) => missing === null).length
      this.set({ state: 'ready' }, ready)
      this.set({ state: 'resting' }, all.length - ready)
    },
  })
  registry.registerMetric(gauge)
  const info = new Gauge({
    name: 'reeve_ai_provider_info',
    help: '1 for each provider that is offered.',
    labelNames: ['provider', 'type', 'state'],
    registers: [],
    aggregator: 'max',
    collect() {
      this.reset()
      for (const [name, { provider, missing }] of current()) {
        this.set({ provider: name, type: provider.type, state: missing === null ? 'ready' : 'resting' }, 1)
      }
    },
  })
  registry.registerMetric(info)
}
