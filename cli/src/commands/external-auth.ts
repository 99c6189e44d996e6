import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import { type Client, endpoints, type ExternalAuthLink, type ExternalAuthProvider } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, oneText, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { interrupted } from '../stopped.ts'

interface Row {
  readonly provider: ExternalAuthProvider
  readonly link: ExternalAuthLink | null
}

const columns: readonly Column<Row>[] = [
  { name: 'id', value: (row) => row.provider.id, priority: 0 },
  { name: 'name', value: (row) => row.provider.display_name, priority: 1 },
  { name: 'status', value: (row) => row.link?.status ?? 'not linked', priority: 0 },
  { name: 'account', value: (row) => row.link?.account?.login ?? null, priority: 1 },
  { name: 'scopes', value: (row) => row.link?.scopes.join(' ') ?? '', priority: 3 },
  instantColumn('expires', (row) => row.link?.expires_at ?? null, 2),
  { name: 'problem', value: (row) => row.link?.refresh_failure ?? '', priority: 4, elastic: true },
  { name: 'type', value: (row) => row.provider.type, priority: 6 },
]
const idOf = (row: Row): string => row.provider.id

export async function listExternalAuth(context: Context): Promise<Answer> {
  const client = await context.client()
  const { providers, links } = await client.call(endpoints.listExternalAuth, { signal: context.io.signal })
  const rows = providers.map((provider) => ({
    provider,
    link: links.find(({ provider_id }) => provider_id === provider.id) ?? null,
  }))
  const empty = 'no providers; docs/admin/external-auth.md says how to set one up'
  return table(rows, columns, idOf, empty)
}

interface LoginInput {
  readonly provider: string
  readonly web: boolean
}

export async function loginExternalAuth(context: Context, { provider: id, web }: LoginInput): Promise<Answer> {
  const client = await context.client()
  const params = { provider: id }
  const before = await client.call(endpoints.getExternalAuth, { params, signal: context.io.signal })
  const link =
    before.device && !web ? await byCode(context, client, id) : await byPage(context, client, id, before.link)
  context.note(`linked ${link.account?.login ?? 'the account'} at ${before.display_name}`)
  return one({ provider: before, link }, columns, idOf)
}

async function byCode(context: Context, client: Client, id: string): Promise<ExternalAuthLink> {
  const params = { provider: id }
  const { signal, clock } = context.io
  const start = await client.call(endpoints.startExternalAuthDevice, { params, signal })
  context.note(`open   ${start.verification_uri}\nenter  ${start.user_code}`)
  const endsMs = clock.monotonicMs() + start.expires_in * 1_000
  for (let { interval } = start; clock.monotonicMs() < endsMs;) {
    await pause(context, interval * 1_000)
    const body = { device_code: start.device_code }
    const { state, link } = await client.call(endpoints.finishExternalAuthDevice, { params, body, signal })
    if (link !== null) return link
    if (state === 'slow_down') interval += 5
  }
  throw new Fault('timeout', 'the code was not entered in time', { fix: 'begin again' })
}

/** Longer than a callback is waited for by the server. */
const pageMs = 11 * 60_000

async function byPage(
  context: Context,
  client: Client,
  id: string,
  before: ExternalAuthLink | null,
): Promise<ExternalAuthLink> {
  const { signal, clock } = context.io
  context.note(`open   ${await context.url()}/external-auth/${encodeURIComponent(id)}`)
  const endsMs = clock.monotonicMs() + pageMs
  while (clock.monotonicMs() < endsMs) {
    await pause(context, 2_000)
    // The list is our own record: the provider is not asked each time.
    const { links } = await client.call(endpoints.listExternalAuth, { signal })
    const link = links.find(({ provider_id }) => provider_id.toLowerCase() === id.toLowerCase())
    if (link !== undefined && link.status === 'ok' && link.updated_at !== before?.updated_at) return link
  }
  throw new Fault('timeout', 'the account was not linked in time', { fix: 'begin again' })
}

async function pause({ io }: Context, ms: number): Promise<void> {
  await wait(ms, undefined, { signal: io.signal }).catch(() => {
    throw io.signal.reason instanceof Error ? io.signal.reason : interrupted()
  })
}

export async function logoutExternalAuth(
  context: Context,
  { provider }: { readonly provider: string },
): Promise<Answer> {
  await context.confirm(`Forget your account at ${provider}?`)
  const client = await context.client()
  const params = { provider }
  const ended = await client.call(endpoints.deleteExternalAuth, { params, signal: context.io.signal })
  if (!ended.token_revoked) context.note(`warning: the token still works there: ${ended.token_revocation_error}`)
  const row = { provider, ...ended }
  const shown: readonly Column<typeof row>[] = [
    { name: 'provider', value: (it) => it.provider, priority: 0 },
    { name: 'token_revoked', value: (it) => it.token_revoked, priority: 0 },
    { name: 'problem', value: (it) => it.token_revocation_error, priority: 1 },
  ]
  return one(row, shown, (it) => it.provider)
}

export async function printAccessToken(context: Context, { provider }: { readonly provider: string }): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const id = provider.includes('/') ? await providerOf(client, provider, signal) : provider
  const got = await client.call(endpoints.getExternalAuthToken, { params: { provider: id }, signal })
  const shown: readonly Column<typeof got>[] = [
    { name: 'access_token', value: (it) => it.access_token, priority: 0 },
    instantColumn('expires', (it) => it.expires_at, 0),
  ]
  return oneText(got, got.access_token, shown, () => id)
}

async function providerOf(client: Client, url: string, signal: AbortSignal): Promise<string> {
  const { providers } = await client.call(endpoints.listExternalAuth, { query: { url }, signal })
  const [first] = providers
  if (first !== undefined) return first.id
  throw new Fault('not_found', `no provider is for ${url}`, { fix: 'reeve external-auth list shows which there are' })
}
