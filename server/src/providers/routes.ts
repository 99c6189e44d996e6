import { type Clock, Fault, type Log, toError, uuidv7 } from '@reeve/base'
import { type AiGatewayStanding, type AiProvider, endpoints } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import type { Database, Tx } from '../db/database.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { addressCheck, type AllowedNetwork } from '../http/egress.ts'
import { implement, type Route } from '../http/implement.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { bad, checkIcon, checkName, checkSettings, keysAfter, readBaseUrl, readType } from './change.ts'
import { providerCreated, providerDeleted, providerTested, providerUpdated } from './events.ts'
import { presentSetting, presentStored, presentTypes } from './present.ts'
import { isProviderType, type ProviderType } from './provider-types.ts'
import {
  deleteProvider,
  insertProvider,
  lockProvider,
  type ProviderWithKeys,
  replaceKeys,
  selectProviders,
  settingsIn,
  tellChange,
  updateProvider,
} from './queries.ts'
import type { Providers } from './source.ts'
import { testKeys } from './test-keys.ts'

export interface ProviderRoutes {
  readonly providers: Providers
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal'>
  readonly outboundAllowed: readonly AllowedNetwork[]
  /** How the gateways find that a provider does. */
  readonly standing: (provider: AiProvider) => Promise<readonly AiGatewayStanding[]>
  readonly clock: Clock
  readonly log: Log
}

export function providerRoutes(options: ProviderRoutes): Route[] {
  const { providers, db, keyring, outboundAllowed, standing, clock, log } = options
  const isAllowed = addressCheck(outboundAllowed)

  const stored = (one: ProviderWithKeys): AiProvider =>
    presentStored(one, providers.current().get(one.row.name), providers.isTaken(one.row.name))
  const all = async (): Promise<AiProvider[]> => {
    const settings = [...providers.settings.values()]
    return [
      ...settings.map((setting) => presentSetting(setting, providers.current().get(setting.name))),
      ...(await selectProviders(db.sql)).map(stored),
    ]
  }
  // By its name the one that is asked is meant, by its id the stored one.
  const find = async (given: string): Promise<AiProvider> =>
    (await all()).find(({ id, name }) => name === given || id === given.toLowerCase()) ?? missing()

  /** What is committed is served here before it is answered; where it cannot be read, the next reading does it. */
  const serve = async (): Promise<void> => {
    await providers
      .reload()
      .catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'a change is not served yet'))
  }

  /** The stored provider, locked. One of the environment is told by its variable. */
  async function lock(tx: Tx, given: string): Promise<ProviderWithKeys> {
    const setting = providers.settings.get(given)
    if (setting === undefined) return (await lockProvider(tx, given)) ?? missing()
    const fix = `change ${setting.keyEnv} and those beside it, and start the server again`
    throw new Fault('conflict', `the provider ${given} comes from the environment and cannot be changed here`, { fix })
  }

  return [
    implement(endpoints.listAiProviders, async () => ({ providers: await all(), types: presentTypes() })),
    implement(endpoints.getAiProvider, ({ params }) => find(params.provider)),
    implement(endpoints.getAiProviderStanding, async ({ params }) => {
      const found = await find(params.provider)
      const gateways = await standing(found)
      // What gateways tell of this name is then told of the other.
      const isHidden = found.source === 'stored' && providers.isTaken(found.name)
      return { gateways: gateways.map((one) => (isHidden ? { ...one, standing: null } : one)) }
    }),

    implement(endpoints.createAiProvider, async ({ body }, scope) => {
      const { name, allow_private = false, enabled = true, icon = '', settings = {} } = body
      const type = readType(body.type)
      checkName(name)
      checkIcon(icon)
      if (providers.isTaken(name)) throw taken(name, 'in the environment')
      checkSettings(type, settings)
      const base_url = readBaseUrl(type, body.base_url, { allowPrivate: allow_private, settings }, isAllowed)
      const now = clock.now()
      const id = uuidv7(now)
      const { keys } = keysAfter({ id, base_url, type }, [], { baseUrl: base_url, keys: body.api_keys ?? [] }, options)
      const made = await named(name, () =>
        db.transaction(async (tx) => {
          const display_name = body.display_name ?? name
          const facts = {
            id,
            name,
            display_name,
            type,
            base_url,
            enabled,
            icon,
            allow_private,
            settings: JSON.stringify(settings),
          }
          const row = await insertProvider(tx, { ...facts, created_at: now, updated_at: now })
          await replaceKeys(tx, id, keys)
          await appendAudit(tx, { scope, at: now, ...providerCreated({ row, keys }) })
          await tellChange(tx)
          return { row, keys }
        }),
      )
      await serve()
      return stored(made)
    }),

    implement(endpoints.updateAiProvider, async ({ params, body }, scope) => {
      const changed = await db.transaction(async (tx) => {
        const before = await lock(tx, params.provider)
        const type = typeOf(before)
        const { display_name, enabled, icon } = body
        if (icon !== undefined) checkIcon(icon)
        const allow_private = body.allow_private ?? before.row.allow_private
        // The address as it was is looked at again: it may be one that only allow_private made possible.
        const settings = body.settings ?? settingsIn(before.row)
        checkSettings(type, settings)
        const address = { allowPrivate: allow_private, settings }
        const base_url = readBaseUrl(type, body.base_url ?? before.row.base_url, address, isAllowed)
        const patch = { baseUrl: base_url, keys: body.api_keys }
        const { keys, dropped } = keysAfter({ ...before.row, type }, before.keys, patch, { keyring, clock })
        const given = Object.entries({ display_name, enabled, icon }).filter(([, value]) => value !== undefined)
        const now = clock.now()
        const facts = { allow_private, base_url, settings: JSON.stringify(settings) }
        const changes = { ...Object.fromEntries(given), ...facts, updated_at: now }
        const row = await updateProvider(tx, before.row.id, changes)
        await replaceKeys(tx, row.id, keys)
        const event = providerUpdated(before, { row, keys }, dropped)
        if (Object.keys(event.diff ?? {}).length > 0) await appendAudit(tx, { scope, at: now, ...event })
        await tellChange(tx)
        return { row, keys, dropped }
      })
      await serve()
      return { ...stored(changed), dropped_keys: changed.dropped }
    }),

    implement(endpoints.testAiProvider, async ({ params }, scope) => {
      const { id, name, type, allow_private } = await find(params.provider)
      const offered = providers.current().get(name)
      if (!isProviderType(type) || offered === undefined || (id !== null && providers.isTaken(name)))
        throw new Fault('conflict', 'this provider is not offered here, so there is nothing to test')
      const allowed = allow_private ? null : outboundAllowed
      const results = await testKeys({ provider: offered.provider, type }, { allowed, clock, signal: scope.signal })
      const failed = results.filter(({ ok }) => !ok).map(({ masked, error }) => `${masked} ${error}`.trim())
      const event = providerTested({ id: id ?? name, name }, failed)
      await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...event }))
      return { results }
    }),

    implement(endpoints.deleteAiProvider, async ({ params }, scope) => {
      await db.transaction(async (tx) => {
        const gone = await lock(tx, params.provider)
        await deleteProvider(tx, gone.row.id)
        await appendAudit(tx, { scope, at: clock.now(), ...providerDeleted(gone) })
        await tellChange(tx)
      })
      await serve()
    }),
  ]
}

function missing(): never {
  throw new Fault('not_found', 'there is no such provider')
}

function typeOf({ row }: ProviderWithKeys): ProviderType {
  if (isProviderType(row.type)) return row.type
  throw bad('type', 'is one that this release does not know; it can only be deleted')
}

const taken = (name: string, where: string): Fault =>
  new Fault('conflict', `there is a provider ${name} ${where}`, { problems: [{ field: 'name', detail: 'is taken' }] })

/** Two providers of one name cannot be: says so in words. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw isUniqueViolation(thrown, 'ai_providers_name') ? taken(name, 'already') : thrown
  }
}
