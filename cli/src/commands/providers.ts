import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, toError } from '@reeve/base'
import {
  type AiProvider,
  type AiProviderSettings,
  type AiProviderTestResult,
  type AiProviderType,
  type Client,
  endpoints,
} from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { readStdinLines } from '../prompt.ts'
import { standingWords } from './provider-standing.ts'

const columns: readonly Column<AiProvider>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'type', value: (row) => row.type, priority: 0 },
  { name: 'state', value: stateOf, priority: 0 },
  { name: 'keys', value: (row) => row.api_keys.map(keyWords).join(', '), priority: 1, elastic: true },
  { name: 'base_url', value: (row) => row.base_url, priority: 1, elastic: true },
  { name: 'source', value: (row) => row.variable ?? row.source, priority: 2 },
  { name: 'detail', value: (row) => row.detail, priority: 1, elastic: true },
  { name: 'display_name', value: (row) => row.display_name, priority: 4 },
  { name: 'settings', value: (row) => settingsWords(row.settings), priority: 5, elastic: true },
  { name: 'allow_private', value: (row) => row.allow_private, priority: 5 },
  instantColumn('updated', (row) => row.updated_at, 4),
  { name: 'id', value: (row) => row.id, priority: 6 },
]

/** Empty where nothing is set. */
const settingsWords = (settings: AiProviderSettings): string =>
  Object.keys(settings).length === 0 ? '' : JSON.stringify(settings)

function stateOf({ enabled, ready }: AiProvider): string {
  if (!enabled) return 'off'
  return ready ? 'ready' : 'resting'
}

const keyWords = ({ masked, weight }: AiProvider['api_keys'][number]): string =>
  weight === 0 ? masked : `${masked} ×${weight}`

export async function listProviders(context: Context): Promise<Answer> {
  const client = await context.client()
  const { providers } = await client.call(endpoints.listAiProviders, { signal: context.io.signal })
  const empty = providers.length === 0 ? await noneOf(client, context.io.signal) : ''
  return table(providers, columns, (row) => row.name, empty)
}

/** Where none is set up, those may be offered that answer from a script: they are nobody's to change. */
async function noneOf(client: Client, signal: AbortSignal): Promise<string> {
  const { providers } = await client.call(endpoints.getBridgeStatus, { signal })
  const scripted = providers.filter((provider) => provider.scripted).map(({ name }) => name)
  const but = scripted.length === 0 ? '' : ` but those that answer from a script (${scripted.join(', ')})`
  return `no providers${but}; reeve providers create makes one`
}

export async function listTypes(context: Context): Promise<Answer> {
  const client = await context.client()
  const { types } = await client.call(endpoints.listAiProviders, { signal: context.io.signal })
  const fields: readonly Column<AiProviderType>[] = [
    { name: 'type', value: (row) => row.type, priority: 0 },
    { name: 'display_name', value: (row) => row.display_name, priority: 1 },
    { name: 'base_url', value: (row) => row.base_url ?? `e.g. ${row.example_url}`, priority: 0, elastic: true },
    { name: 'needs_key', value: (row) => row.needs_key, priority: 2 },
  ]
  return table(types, fields, (row) => row.type, 'no types')
}

/** With a line for each key, as --remove-key takes them, and how the gateways find that it does. */
export async function showProvider(context: Context, { provider }: { readonly provider: string }): Promise<Answer> {
  const client = await context.client()
  const asked = { params: { provider }, signal: context.io.signal }
  const [found, { gateways }] = await Promise.all([
    client.call(endpoints.getAiProvider, asked),
    client.call(endpoints.getAiProviderStanding, asked),
  ])
  const ids: Column<AiProvider> = {
    name: 'key_ids',
    value: (row) => row.api_keys.map(({ id, masked }) => `${masked} ${id}`).join(', '),
    priority: 0,
  }
  const fields = one<AiProvider>(found, [...columns, ids], (row) => row.name)
  return {
    ...fields,
    document: () => ({ ...found, gateways }),
    page: async function* (rows, screen) {
      yield* fields.page?.(rows, screen) ?? []
      yield* standingWords(gateways, screen)
    },
  } satisfies Answer<AiProvider>
}

interface Made {
  readonly baseUrl: string | undefined
  readonly displayName: string | undefined
  readonly icon: string | undefined
  readonly keyFile: string | undefined
  readonly keyStdin: boolean
  readonly weight: number | undefined
  readonly region: string | undefined
  readonly settings: string | undefined
}

interface CreateInput extends Made {
  readonly name: string
  readonly type: string | undefined
  readonly allowPrivate: boolean
  readonly disabled: boolean
}

export async function createProvider(context: Context, input: CreateInput): Promise<Answer> {
  const { name, type, allowPrivate, disabled } = input
  if (type === undefined)
    throw new Fault('invalid', '--type is missing', { fix: 'reeve providers types lists what there is' })
  const client = await context.client()
  const created = await client.call(endpoints.createAiProvider, {
    body: {
      name,
      type,
      ...facts(input),
      ...(await settingsOf(context, input, null)),
      api_keys: await readKeys(context, input),
      allow_private: allowPrivate,
      enabled: !disabled,
    },
    signal: context.io.signal,
  })
  return one(created, columns, (row) => row.name)
}

interface UpdateInput extends Made {
  readonly provider: string
  readonly replaceKeys: boolean
  readonly removeKey: readonly string[]
  readonly privateAddresses: 'allow' | 'refuse' | undefined
  readonly state: 'on' | 'off' | undefined
}

export async function updateProvider(context: Context, input: UpdateInput): Promise<Answer> {
  const { provider, privateAddresses, state } = input
  const added = await readKeys(context, input)
  if (input.replaceKeys && added.length === 0)
    throw new Fault('invalid', '--replace-keys without a key', { fix: 'give --key-file or --key-stdin as well' })
  const client = await context.client()
  const keys = await keysOf(context, input, added)
  const body = {
    ...facts(input),
    ...(await settingsOf(context, input, provider)),
    ...(keys === null ? {} : { api_keys: keys }),
    ...(privateAddresses === undefined ? {} : { allow_private: privateAddresses === 'allow' }),
    ...(state === undefined ? {} : { enabled: state === 'on' }),
  }
  if (Object.keys(body).length === 0)
    throw new Fault('invalid', 'nothing to change', { fix: 'say what: reeve providers update --help' })
  const changed = await client.call(endpoints.updateAiProvider, {
    params: { provider },
    body,
    signal: context.io.signal,
  })
  if (changed.dropped_keys > 0)
    context.note(`${changed.dropped_keys} of its keys are gone: they were entered for another address`)
  return one(changed, columns, (row) => row.name)
}

/** Null when the keys stay as they are. */
async function keysOf(context: Context, input: UpdateInput, added: readonly NewKey[]) {
  const { provider, removeKey, replaceKeys, baseUrl } = input
  if (replaceKeys) return [...added]
  if (removeKey.length === 0 && added.length === 0) return null
  const client = await context.client()
  const { api_keys, base_url } = await client.call(endpoints.getAiProvider, {
    params: { provider },
    signal: context.io.signal,
  })
  const isMeant = (given: string) => api_keys.filter(({ id, masked }) => id === given || masked === given)
  for (const given of removeKey) {
    const count = isMeant(given).length
    if (count === 1) continue
    const message = count === 0 ? `${provider} has no key ${given}` : `${provider} has several keys ${given}`
    throw new Fault('invalid', message, { fix: `reeve providers show ${provider} lists them with their ids` })
  }
  const removed = new Set(removeKey.flatMap((given) => isMeant(given).map(({ id }) => id)))
  const kept = baseUrl === undefined || baseUrl === base_url ? api_keys.filter(({ id }) => !removed.has(id)) : []
  return [...kept.map(({ id }) => ({ id })), ...added]
}

export async function testProvider(context: Context, { provider }: { readonly provider: string }): Promise<Answer> {
  const client = await context.client()
  const { results } = await client.call(endpoints.testAiProvider, { params: { provider }, signal: context.io.signal })
  const fields: readonly Column<AiProviderTestResult>[] = [
    { name: 'key', value: (row) => row.masked, priority: 0 },
    { name: 'ok', value: (row) => row.ok, priority: 0 },
    { name: 'status', value: (row) => row.status, priority: 0 },
    { name: 'latency_ms', value: (row) => row.latency_ms, priority: 1 },
    { name: 'error', value: (row) => row.error, priority: 0, elastic: true },
    { name: 'key_id', value: (row) => row.key_id, priority: 6 },
  ]
  const answer = table(results, fields, (row) => row.key_id ?? provider, 'nothing was asked')
  return { ...answer, exitCode: results.every(({ ok }) => ok) ? 0 : 1 }
}

export async function deleteProvider(context: Context, { provider }: { readonly provider: string }): Promise<Answer> {
  const client = await context.client()
  await context.confirm(`Take ${provider} and its keys away?`)
  await client.call(endpoints.deleteAiProvider, { params: { provider }, signal: context.io.signal })
  return one({ name: provider }, [{ name: 'name', value: (row) => row.name, priority: 0 }], (row) => row.name)
}

const facts = ({ baseUrl, displayName, icon }: Made) => ({
  ...(baseUrl === undefined ? {} : { base_url: baseUrl }),
  ...(displayName === undefined ? {} : { display_name: displayName }),
  ...(icon === undefined ? {} : { icon }),
})

/** `provider`: whose other settings stay when only a region is given. */
async function settingsOf(
  context: Context,
  { region, settings }: Made,
  provider: string | null,
): Promise<{ settings?: AiProviderSettings }> {
  if (region === undefined && settings === undefined) return {}
  const given = settings === undefined ? await settingsBefore(context, provider) : await readSettings(context, settings)
  return { settings: { ...given, ...(region === undefined ? {} : { region }) } }
}

async function settingsBefore(context: Context, provider: string | null): Promise<AiProviderSettings> {
  if (provider === null) return {}
  const client = await context.client()
  const found = await client.call(endpoints.getAiProvider, { params: { provider }, signal: context.io.signal })
  return found.settings
}

async function readSettings(context: Context, file: string): Promise<AiProviderSettings> {
  const path = resolve(context.io.cwd, file)
  try {
    // SAFETY: the server looks at each of them, and says what is wrong by name.
    return JSON.parse(await readFile(path, 'utf8')) as AiProviderSettings
  } catch (thrown) {
    throw new Fault('invalid', `cannot read ${path}: ${toError(thrown).message}`, { cause: thrown })
  }
}

interface NewKey {
  readonly api_key: string
  readonly weight: number
}

/** Never from an argument, which every process of the machine can read. */
async function readKeys(context: Context, { keyFile, keyStdin, weight = 0 }: Made): Promise<NewKey[]> {
  const read = keyStdin ? await readStdinLines(context.io, 1, '--key-stdin') : []
  if (keyFile !== undefined) {
    const path = resolve(context.io.cwd, keyFile)
    const content = await readFile(path, 'utf8').catch((thrown: unknown) => {
      throw new Fault('invalid', `cannot read ${path}: ${toError(thrown).message}`, { cause: thrown })
    })
    // The key of a service account is a file of many lines.
    read.push(...(content.trimStart().startsWith('{') ? [content] : content.split(/\r?\n/)))
  }
  return read
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((api_key) => ({ api_key, weight }))
}
