import { Fault } from '@reeve/base'
import { type Client, endpoints, type User } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { version } from '../version.ts'

interface Whoami extends Told {
  readonly url: string
  readonly server_version: string
  /** What the server keeps of what its bearer does through the bridge. */
  readonly recorded: { readonly bridge: boolean; readonly capture: string }
}
type Told = ReturnType<typeof endpoints.getWhoami.result.parse>

const recordedText: Readonly<Record<string, string>> = {
  full: 'everything that you, your clients and models write',
  prompts: 'what you and your clients write, not what models answer',
  metadata: 'who, when, which model and how many tokens, no content',
}

const whoamiColumns: readonly Column<Whoami>[] = [
  { name: 'username', value: (row) => row.user.username, priority: 0 },
  { name: 'email', value: (row) => row.user.email, priority: 1 },
  { name: 'roles', value: (row) => row.user.roles.map(({ name }) => name).join(' '), priority: 0 },
  { name: 'organizations', value: (row) => row.organizations.map(({ name }) => name).join(' '), priority: 1 },
  { name: 'groups', value: (row) => row.groups.map(({ name }) => name).join(' '), priority: 1 },
  {
    name: 'credential',
    value: (row) => `${row.credential.kind} ${row.credential.name || row.credential.id}`,
    priority: 1,
  },
  { name: 'scope', value: (row) => row.credential.scopes.join(' '), priority: 1 },
  instantColumn('expires', (row) => row.credential.expires_at, 0),
  { name: 'url', value: (row) => row.url, priority: 0 },
  { name: 'server', value: (row) => row.server_version, priority: 1 },
  {
    name: 'recorded',
    value: ({ recorded: { bridge, capture } }) =>
      bridge ? (recordedText[capture] ?? capture) : 'nothing: the bridge is off',
    priority: 0,
  },
  { name: 'id', value: (row) => row.user.id, priority: 5 },
]

export async function whoami(context: Context): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const told = await client.call(endpoints.getWhoami, { signal })
  const server = await client.call(endpoints.getBuildInfo, { signal })
  const bridge = await client.call(endpoints.getBridgeStatus, { signal })
  const recorded = { bridge: bridge.enabled, capture: bridge.capture }
  const row = { ...told, url: await context.url(), server_version: server.version, recorded }
  return one<Whoami>(row, whoamiColumns, (it) => it.user.id)
}

interface Status {
  readonly url: string
  readonly client_version: string
  readonly server: { readonly version: string; readonly external_url: string; readonly deployment_id: string }
  /** Null when not signed in: what follows is only told to people of the deployment. */
  readonly user: User | null
  readonly bridge: BridgeStatus | null
}
type BridgeStatus = ReturnType<typeof endpoints.getBridgeStatus.result.parse>

const statusColumns: readonly Column<Status>[] = [
  { name: 'url', value: (row) => row.url, priority: 0 },
  { name: 'server', value: (row) => row.server.version, priority: 0 },
  { name: 'client', value: (row) => row.client_version, priority: 0 },
  { name: 'signed_in_as', value: (row) => row.user?.username ?? null, priority: 0 },
  { name: 'roles', value: (row) => row.user?.roles.map((role) => role.name).join(' ') ?? null, priority: 1 },
  { name: 'bridge', value: (row) => row.bridge && (row.bridge.enabled ? 'on' : 'off'), priority: 0 },
  { name: 'capture', value: (row) => row.bridge?.capture ?? null, priority: 1 },
  { name: 'providers', value: (row) => row.bridge?.providers.map(providerText).join('; ') ?? null, priority: 1 },
  { name: 'record', value: (row) => row.bridge && recordText(row.bridge), priority: 1 },
]

export async function status(context: Context, input: { readonly config: boolean }): Promise<Answer> {
  if (input.config) return configuration(context)
  const signal = context.io.signal
  const url = await context.url()
  const anyone = await context.clientFor(url)
  const server = await anyone.call(endpoints.getBuildInfo, { signal })
  const client = await signedIn(context)
  const user = client === null ? null : await client.call(endpoints.getUser, { params: { user: 'me' }, signal })
  const bridge = client === null ? null : await client.call(endpoints.getBridgeStatus, { signal })
  if (server.version !== version) context.note(`this command is ${version}, the server is ${server.version}`)
  return one<Status>({ url, client_version: version, server, user, bridge }, statusColumns, (row) => row.url)
}

/** The server can be looked at without signing in; only then does less come back. */
async function signedIn(context: Context): Promise<Client | null> {
  try {
    return await context.client()
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'unauthenticated') throw thrown
    context.note('not signed in: reeve login shows more')
    return null
  }
}

function providerText(provider: BridgeStatus['providers'][number]): string {
  const facts = [
    provider.ready ? 'ready' : 'not ready',
    ...(provider.scripted ? ['scripted: asks no model'] : []),
    provider.detail,
  ]
  return `${provider.name} (${facts.filter((fact) => fact !== '').join(', ')})`
}

function recordText({ journal }: BridgeStatus): string {
  const state = journal.healthy ? 'healthy' : 'not healthy'
  const detail = journal.detail === '' ? '' : `: ${journal.detail}`
  return `${state}${detail}, ${journal.pending_bytes} bytes and ${journal.drain_lag_seconds} s behind`
}

async function configuration(context: Context): Promise<Answer> {
  const client = await context.client()
  const { options } = await client.call(endpoints.getDeploymentConfig, { signal: context.io.signal })
  type Option = (typeof options)[number]
  const columns: readonly Column<Option>[] = [
    { name: 'name', value: (row) => row.env, priority: 0 },
    { name: 'value', value: (row) => row.value, priority: 0, elastic: true },
    {
      name: 'source',
      value: (row) => row.source,
      priority: 1,
      tone: (row) => (row.source === 'default' ? 'dim' : null),
    },
    { name: 'default', value: (row) => row.default, priority: 3 },
    { name: 'flag', value: (row) => row.flag, priority: 4 },
    { name: 'yaml', value: (row) => row.yaml, priority: 5 },
    { name: 'description', value: (row) => row.description, priority: 6 },
  ]
  return table(options, columns, (row) => row.env, 'the server has no settings')
}
