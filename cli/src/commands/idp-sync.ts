import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import {
  type Client,
  endpoints,
  type GroupSync,
  type OrganizationSync,
  type RoleSync,
  type SignInStatus,
  type TestLogin,
} from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { interrupted } from '../stopped.ts'

const statusColumns: readonly Column<SignInStatus>[] = [
  { name: 'passwords', value: (row) => row.password_sign_in, priority: 0 },
  { name: 'break_glass_owners', value: (row) => row.break_glass_owners, priority: 0 },
  { name: 'issuer', value: (row) => row.oidc?.issuer ?? null, priority: 0 },
  { name: 'provider', value: (row) => row.oidc?.provider ?? 'none', priority: 0 },
  { name: 'problem', value: (row) => row.oidc?.provider_problem ?? null, priority: 0 },
  { name: 'callback_url', value: (row) => row.oidc?.callback_url ?? null, priority: 0 },
  { name: 'signups', value: (row) => row.oidc?.allow_signups ?? null, priority: 0 },
  { name: 'linked_users', value: (row) => row.oidc?.linked_users ?? null, priority: 0 },
  { name: 'without_refresh', value: (row) => row.oidc?.linked_users_without_refresh ?? null, priority: 0 },
  instantColumn('last_refresh', (row) => row.oidc?.last_refresh_at ?? null, 0),
]

export async function showSignIn(context: Context): Promise<Answer> {
  const client = await context.client()
  const status = await client.call(endpoints.getSignInStatus, { signal: context.io.signal })
  if (status.break_glass_owners === 0) {
    context.note('warning: no owner has a password: nobody can sign in when the identity provider is away')
  }
  return one(status, statusColumns, (row) => row.oidc?.issuer ?? '')
}

type Sync = OrganizationSync | GroupSync | RoleSync

const syncColumns: readonly Column<Sync>[] = [
  { name: 'field', value: (row) => row.field, priority: 0 },
  { name: 'mapping', value: (row) => mappingText(row.mapping), priority: 0 },
  { name: 'filter', value: (row) => ('regex_filter' in row ? row.regex_filter : null), priority: 0 },
  {
    name: 'create_missing',
    value: (row) => ('auto_create_missing_groups' in row ? row.auto_create_missing_groups : null),
    priority: 0,
  },
  {
    name: 'assign_default',
    value: (row) => ('organization_assign_default' in row ? row.organization_assign_default : null),
    priority: 0,
  },
]

const mappingText = (mapping: Sync['mapping']): string =>
  Object.entries(mapping)
    .map(([value, targets]) => `${value}=${targets.join(',')}`)
    .join(' ')

interface Which {
  readonly kind: string
  readonly organization: string | undefined
}

/** The three kinds of settings, each with its pair of endpoints. */
function ways(client: Client, { organization = 'default' }: Which, signal: AbortSignal) {
  const params = { organization }
  return {
    organization: {
      get: () => client.call(endpoints.getOrganizationSync, { signal }),
      patch: (body: Partial<Sync>) => client.call(endpoints.patchOrganizationSync, { body, signal }),
    },
    groups: {
      get: () => client.call(endpoints.getGroupSync, { params, signal }),
      patch: (body: Partial<Sync>) => client.call(endpoints.patchGroupSync, { params, body, signal }),
    },
    roles: {
      get: () => client.call(endpoints.getRoleSync, { params, signal }),
      patch: (body: Partial<Sync>) => client.call(endpoints.patchRoleSync, { params, body, signal }),
    },
  }
}

async function wayOf(context: Context, which: Which) {
  const { kind } = which
  if (kind !== 'organization' && kind !== 'groups' && kind !== 'roles') {
    throw new Fault('invalid', `there are settings for organization, groups and roles, not for ${kind}`)
  }
  return ways(await context.client(), which, context.io.signal)[kind]
}

export async function showSync(context: Context, which: Which): Promise<Answer> {
  const settings: Sync = await (await wayOf(context, which)).get()
  if (settings.field === '') context.note('people decide: no claim is set')
  return one(settings, syncColumns, (row) => row.field)
}

interface Change extends Which {
  readonly field: string | undefined
  readonly map: readonly string[]
  readonly unmap: readonly string[]
  readonly filter: string | undefined
  readonly noFilter: boolean
  readonly createMissing: boolean
  readonly noCreateMissing: boolean
  readonly assignDefault: boolean
  readonly noAssignDefault: boolean
}

export async function setSync(context: Context, change: Change): Promise<Answer> {
  const way = await wayOf(context, change)
  const { field, map, unmap, filter } = change
  const { mapping } = map.length + unmap.length > 0 ? await way.get() : { mapping: {} }
  const body = {
    ...(field === undefined ? {} : { field }),
    ...(map.length + unmap.length === 0 ? {} : { mapping: changed(mapping, map, unmap) }),
    ...(change.noFilter ? { regex_filter: null } : filter === undefined ? {} : { regex_filter: filter }),
    ...switched('auto_create_missing_groups', change.createMissing, change.noCreateMissing),
    ...switched('organization_assign_default', change.assignDefault, change.noAssignDefault),
  }
  const settings: Sync = await way.patch(body)
  return one(settings, syncColumns, (row) => row.field)
}

const switched = (name: string, on: boolean, off: boolean) => (on ? { [name]: true } : off ? { [name]: false } : {})

function changed(mapping: Sync['mapping'], map: readonly string[], unmap: readonly string[]): Record<string, string[]> {
  const next = new Map(Object.entries(mapping))
  for (const value of unmap) next.delete(value)
  for (const pair of map) {
    // A claim value may well have an equals sign in it; a target has none.
    const [, value, targets] = /^(.+)=([^=]*)$/.exec(pair) ?? []
    if (value === undefined || targets === undefined) {
      throw new Fault('invalid', `--map wants VALUE=TARGET, not ${pair}`, { fix: 'for example --map staff=auditor' })
    }
    next.set(
      value,
      targets.split(',').filter((target) => target !== ''),
    )
  }
  return Object.fromEntries(next)
}

const testColumns: readonly Column<TestLogin>[] = [
  { name: 'status', value: (row) => row.status, priority: 0 },
  { name: 'problem', value: (row) => row.problem, priority: 0 },
  { name: 'would_sign_in', value: (row) => row.verdict?.would_sign_in ?? null, priority: 0 },
  { name: 'as', value: (row) => row.verdict?.as ?? null, priority: 0 },
  { name: 'username', value: (row) => row.verdict?.username ?? null, priority: 0 },
  { name: 'reason', value: (row) => row.verdict?.reason ?? null, priority: 0 },
  { name: 'site_roles', value: (row) => row.preview?.site_roles?.join(' ') ?? null, priority: 0 },
  { name: 'organizations', value: (row) => organizationsText(row), priority: 0 },
  { name: 'ignored', value: (row) => ignoredText(row), priority: 0 },
  { name: 'claims', value: (row) => (row.claims === null ? null : JSON.stringify(row.claims)), priority: 0 },
]

function organizationsText({ preview }: TestLogin): string | null {
  const texts = preview?.organizations.map(({ name, groups, roles }) => {
    const parts = [...(groups === null ? [] : [`groups ${groups.join(', ')}`]), ...(roles ?? [])]
    return parts.length === 0 ? name : `${name} (${parts.join('; ')})`
  })
  return texts?.join(', ') ?? null
}

const ignoredText = ({ preview }: TestLogin): string | null =>
  preview?.ignored.map(({ value, reason }) => `${value}: ${reason}`).join('; ') ?? null

export async function testSync(context: Context): Promise<Answer> {
  const client = await context.client()
  const { signal, clock } = context.io
  const { id, url, expires_at } = await client.call(endpoints.createTestLogin, { body: {}, signal })
  context.note(`open   ${url}`)
  const endsMs = clock.monotonicMs() + Math.max(0, new Date(expires_at).getTime() - clock.now().getTime())
  for (;;) {
    const seen = await client.call(endpoints.getTestLogin, { params: { id }, signal })
    if (seen.status !== 'waiting') return one(seen, testColumns, (row) => row.id)
    if (clock.monotonicMs() > endsMs) throw new Fault('timeout', 'nobody signed in in time', { fix: 'begin again' })
    await wait(2_000, undefined, { signal }).catch(() => {
      throw signal.reason instanceof Error ? signal.reason : interrupted()
    })
  }
}
