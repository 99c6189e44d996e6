import { Fault } from '@reeve/base'
import { endpoints, type User } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { idColumn, instantColumn, toneOf } from '../output/fields.ts'
import { readStdinLines } from '../prompt.ts'
import { filterQuery } from './filter.ts'
import { paged, type PagingInput } from './paging.ts'

export const userColumns: readonly Column<User>[] = [
  { name: 'username', value: (row) => row.username, priority: 0 },
  { name: 'email', value: (row) => row.email, priority: 1 },
  { name: 'name', value: (row) => row.name, priority: 3 },
  { name: 'roles', value: (row) => row.roles.map((role) => role.name).join(' '), priority: 2 },
  { name: 'status', value: (row) => row.status, priority: 1, tone: (row) => toneOf(row.status) },
  { name: 'login_type', value: (row) => row.login_type, priority: 6 },
  { name: 'service', value: (row) => row.is_service_account, priority: 4 },
  instantColumn('last_seen', (row) => row.last_seen_at, 3),
  instantColumn('created', (row) => row.created_at, 4),
  { ...idColumn<User>(), priority: 5 },
]
const oneUser = (user: User): Answer => one(user, userColumns, (row) => row.id)

export async function listUsers(
  context: Context,
  input: PagingInput & { readonly filter: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const query = filterQuery(context, input, { since: '', until: '' })
  const rows = paged<User>(context, input, async (limit, last) => {
    const after = last === undefined ? {} : { after_id: last.id }
    const page = await client.call(endpoints.listUsers, {
      query: { ...query, limit, ...after },
      signal: context.io.signal,
    })
    return { rows: page.users, count: page.count }
  })
  return table(rows, userColumns, (row) => row.id, 'no users found')
}

export async function showUser(context: Context, input: { readonly user: string | undefined }): Promise<Answer> {
  const client = await context.client()
  const params = { user: input.user ?? 'me' }
  return oneUser(await client.call(endpoints.getUser, { params, signal: context.io.signal }))
}

export async function suspendUser(context: Context, input: { readonly user: string }): Promise<Answer> {
  const client = await context.client()
  return oneUser(
    await client.call(endpoints.suspendUser, { params: { user: input.user }, body: {}, signal: context.io.signal }),
  )
}

export async function activateUser(context: Context, input: { readonly user: string }): Promise<Answer> {
  const client = await context.client()
  return oneUser(
    await client.call(endpoints.activateUser, { params: { user: input.user }, body: {}, signal: context.io.signal }),
  )
}

export async function handOver(
  context: Context,
  input: { readonly user: string; readonly to: string },
): Promise<Answer> {
  const client = await context.client()
  const request = { params: { user: input.user }, body: { owner: input.to }, signal: context.io.signal }
  return oneUser(await client.call(endpoints.setServiceAccountOwner, request))
}

interface CreateInput {
  readonly email: string | undefined
  readonly username: string | undefined
  readonly fullName: string | undefined
  readonly passwordStdin: boolean
  readonly noPassword: boolean
  readonly serviceAccount: boolean
  readonly owner: string | undefined
  readonly role: readonly string[]
}

export async function createUser(context: Context, input: CreateInput): Promise<Answer> {
  const client = await context.client()
  const username = input.username ?? (await context.ask({ label: 'Username', flag: '--username' }))
  const account = input.serviceAccount
    ? { service_account: true, ...(input.owner === undefined ? {} : { owner: input.owner }) }
    : await personOf(context, input)
  const body = {
    username,
    ...account,
    ...(input.fullName === undefined ? {} : { name: input.fullName }),
    ...(input.role.length === 0 ? {} : { roles: [...input.role] }),
  }
  return oneUser(await client.call(endpoints.createUser, { body, signal: context.io.signal }))
}

async function personOf(context: Context, input: CreateInput) {
  const email = input.email ?? (await context.ask({ label: 'E-mail', flag: '--email' }))
  const credential = input.noPassword
    ? { login_type: 'none' as const }
    : { login_type: 'password' as const, password: await newPassword(context, input.passwordStdin) }
  return { email, ...credential }
}

interface PasswordInput {
  readonly user: string | undefined
  readonly oldPasswordStdin: boolean
  readonly passwordStdin: boolean
}

export async function changePassword(context: Context, input: PasswordInput): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const user = await client.call(endpoints.getUser, { params: { user: input.user ?? 'me' }, signal })
  const me = await client.call(endpoints.getUser, { params: { user: 'me' }, signal })
  const passwords = await readPasswords(context, input, user.id === me.id)
  const body = { password: passwords.next, ...(passwords.old === null ? {} : { old_password: passwords.old }) }
  await client.call(endpoints.changePassword, { params: { user: user.id }, body, signal })
  context.note(`password of ${user.username} changed; the other sessions have ended`)
  return oneUser(user)
}

async function readPasswords(context: Context, input: PasswordInput, ownPassword: boolean) {
  if (input.oldPasswordStdin && input.passwordStdin) {
    const [old, next] = await readStdinLines(context.io, 2, '--old-password-stdin --password-stdin')
    return { old: old!, next: next! }
  }
  const old = input.oldPasswordStdin
    ? (await readStdinLines(context.io, 1, '--old-password-stdin'))[0]!
    : ownPassword
      ? await context.ask({ label: 'Old password', flag: '--old-password-stdin', secret: true })
      : null
  return { old, next: await newPassword(context, input.passwordStdin) }
}

async function newPassword(context: Context, fromStdin: boolean): Promise<string> {
  if (fromStdin) return (await readStdinLines(context.io, 1, '--password-stdin'))[0]!
  const password = await context.ask({ label: 'New password', flag: '--password-stdin', secret: true })
  const again = await context.ask({ label: 'The same again', flag: '--password-stdin', secret: true })
  if (password !== again) throw new Fault('invalid', 'the two passwords are not the same; nothing was changed')
  return password
}

interface EditInput {
  readonly user: string
  readonly username: string | undefined
  readonly fullName: string | undefined
}

export async function editUser(context: Context, input: EditInput): Promise<Answer> {
  const client = await context.client()
  const body = {
    ...(input.username === undefined ? {} : { username: input.username }),
    ...(input.fullName === undefined ? {} : { name: input.fullName }),
  }
  const params = { user: input.user }
  return oneUser(await client.call(endpoints.updateProfile, { params, body, signal: context.io.signal }))
}

export async function removeUser(context: Context, input: { readonly user: string }): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const found = await client.call(endpoints.getUser, { params: { user: input.user }, signal })
  await context.confirm(`Delete the user ${found.username}? Their credentials end now, and this cannot be undone.`)
  await client.call(endpoints.deleteUser, { params: { user: found.id }, signal })
  return oneUser(found)
}

interface HeldRole {
  readonly role: string
  /** Null where it is held everywhere. */
  readonly organization: string | null
}
const heldColumns: readonly Column<HeldRole>[] = [
  { name: 'role', value: (row) => row.role, priority: 0 },
  {
    name: 'organization',
    value: (row) => row.organization,
    show: (row) => row.organization ?? 'everywhere',
    priority: 0,
  },
]

export async function showUserRoles(context: Context, input: { readonly user: string | undefined }): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const params = { user: input.user ?? 'me' }
  const held = await client.call(endpoints.getUserRoles, { params, signal })
  const organizations = await client.call(endpoints.listOrganizations, { signal })
  const nameOf = (id: string) => organizations.find((each) => each.id === id)?.name ?? id
  const rows: HeldRole[] = [
    ...held.roles.map((role) => ({ role, organization: null })),
    ...Object.entries(held.organization_roles).flatMap(([id, roles]) =>
      roles.map((role) => ({ role, organization: nameOf(id) })),
    ),
  ]
  return table(rows, heldColumns, (row) => row.role, 'no roles beside those that everybody has')
}
