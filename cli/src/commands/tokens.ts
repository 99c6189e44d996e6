import { Fault } from '@reeve/base'
import { type AllowedObject, type ApiKey, endpoints, resources } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, oneText, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'

const keyColumns: readonly Column<ApiKey>[] = [
  { name: 'id', value: (row) => row.id, priority: 0 },
  { name: 'name', value: (row) => row.token_name, priority: 0 },
  { name: 'user', value: (row) => row.username, priority: 3 },
  { name: 'scope', value: (row) => row.scopes.join(' '), priority: 1 },
  instantColumn('last_used', (row) => row.last_used, 2),
  instantColumn('expires', (row) => row.expires_at, 1),
  instantColumn('created', (row) => row.created_at, 4),
  { name: 'allow', value: (row) => row.allow_list.map(({ type, id }) => `${type}:${id}`).join(' '), priority: 4 },
  { name: 'workspace', value: (row) => row.workspace_id, priority: 6 },
  { name: 'login_type', value: (row) => row.login_type, priority: 6 },
]

interface CreateInput {
  readonly name: string | undefined
  readonly lifetime: number | undefined
  readonly scope: readonly string[]
  readonly allow: readonly string[]
  readonly user: string | undefined
}

export async function createToken(context: Context, input: CreateInput): Promise<Answer> {
  const client = await context.client()
  const created = await client.call(endpoints.createToken, {
    params: { user: input.user ?? 'me' },
    body: {
      ...(input.name === undefined ? {} : { token_name: input.name }),
      ...(input.lifetime === undefined ? {} : { lifetime_seconds: lifetimeSeconds(input.lifetime) }),
      ...(input.scope.length === 0 ? {} : { scopes: [...input.scope] }),
      ...(input.allow.length === 0 ? {} : { allow_list: input.allow.map(readAllowed) }),
    },
    signal: context.io.signal,
  })
  context.note(`token ${created.id} works until ${created.expires_at}; it is not shown again`)
  const columns: readonly Column<typeof created>[] = [
    { name: 'token', value: (row) => row.key, priority: 0 },
    { name: 'id', value: (row) => row.id, priority: 0 },
    instantColumn('expires', (row) => row.expires_at, 0),
  ]
  return oneText(created, created.key, columns, (row) => row.id)
}

/** `type:id`; `*` for either is all of them. */
function readAllowed(given: string): AllowedObject {
  const mark = given.indexOf(':')
  const type = allowedTypes.find((known) => known === given.slice(0, mark))
  const id = given.slice(mark + 1)
  if (mark > 0 && type !== undefined && id !== '') return { type, id }
  throw new Fault('invalid', `--allow: "${given}" is not type:id`, {
    fix: `write it like interception:*; the types are ${resources.join(', ')}`,
  })
}

const allowedTypes = [...resources, '*'] as const

export const lifetimeSeconds = (ms: number): number => Math.max(1, Math.round(ms / 1000))

interface ListInput {
  readonly filter: string | undefined
  readonly all: boolean
  readonly includeExpired: boolean
  readonly user: string | undefined
}

export async function listTokens(context: Context, input: ListInput): Promise<Answer> {
  const client = await context.client()
  const keys = await client.call(endpoints.listTokens, {
    params: { user: input.user ?? 'me' },
    query: {
      ...(input.filter === undefined ? {} : { q: input.filter }),
      ...(input.all ? { include_all: 'true' as const } : {}),
      ...(input.includeExpired ? { include_expired: 'true' as const } : {}),
    },
    signal: context.io.signal,
  })
  return table(keys, keyColumns, (row) => row.id, 'no tokens; reeve tokens create makes one')
}

interface OneInput {
  readonly token: string
  readonly user: string | undefined
}

export async function showToken(context: Context, input: OneInput): Promise<Answer> {
  const client = await context.client()
  const params = { user: input.user ?? 'me', key: input.token }
  return one(await client.call(endpoints.getKey, { params, signal: context.io.signal }), keyColumns, (row) => row.id)
}

export async function revokeToken(context: Context, input: OneInput): Promise<Answer> {
  const { client, params, key } = await find(context, input)
  await context.confirm(`Revoke the token ${key.token_name === '' ? key.id : key.token_name} of ${key.username}?`)
  await client.call(endpoints.deleteKey, { params, signal: context.io.signal })
  return one(key, keyColumns, (row) => row.id)
}

export async function expireToken(context: Context, input: OneInput): Promise<Answer> {
  const { client, params, key } = await find(context, input)
  const signal = context.io.signal
  await context.confirm(`End the token ${key.token_name === '' ? key.id : key.token_name} of ${key.username}?`)
  await client.call(endpoints.expireKey, { params, signal })
  return one(await client.call(endpoints.getKey, { params, signal }), keyColumns, (row) => row.id)
}

async function find(context: Context, input: OneInput) {
  const client = await context.client()
  const params = { user: input.user ?? 'me', key: input.token }
  const key = await client.call(endpoints.getKey, { params, signal: context.io.signal })
  return { client, params: { ...params, key: key.id }, key }
}
