import { endpoints, type OrganizationMember } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn, toneOf } from '../output/fields.ts'
import { filterQuery } from './filter.ts'
import { paged, type PagingInput } from './paging.ts'

export const memberColumns: readonly Column<OrganizationMember>[] = [
  { name: 'username', value: (row) => row.username, priority: 0 },
  { name: 'email', value: (row) => row.email, priority: 2 },
  { name: 'roles', value: (row) => row.roles.map(({ name }) => name).join(' '), priority: 1 },
  { name: 'roles_everywhere', value: (row) => row.global_roles.map(({ name }) => name).join(' '), priority: 4 },
  { name: 'status', value: (row) => row.status, priority: 2, tone: (row) => toneOf(row.status) },
  instantColumn('since', (row) => row.created_at, 3),
  { name: 'id', value: (row) => row.user_id, priority: 5 },
]
const oneMember = (row: OrganizationMember): Answer => one(row, memberColumns, ({ user_id }) => user_id)

export async function listMembers(
  context: Context,
  input: PagingInput & { readonly organization: string | undefined; readonly filter: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const params = { organization: input.organization ?? 'default' }
  const query = filterQuery(context, input, { since: '', until: '' })
  const rows = paged<OrganizationMember>(context, input, async (limit, last) => {
    const after = last === undefined ? {} : { after_id: last.user_id }
    const page = await client.call(endpoints.listMembers, {
      params,
      query: { ...query, limit, ...after },
      signal: context.io.signal,
    })
    return { rows: page.members, count: page.count }
  })
  return table(rows, memberColumns, (row) => row.user_id, 'no members found')
}

interface MemberInput {
  readonly organization: string
  readonly user: string
}

export async function addMember(context: Context, { organization, user }: MemberInput): Promise<Answer> {
  const client = await context.client()
  const params = { organization, user }
  return oneMember(await client.call(endpoints.addMember, { params, signal: context.io.signal }))
}

export async function removeMember(context: Context, { organization, user }: MemberInput): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const member = await client.call(endpoints.getMember, { params: { organization, user }, signal })
  await context.confirm(`Remove ${member.username} from ${organization}, with the roles and groups there?`)
  await client.call(endpoints.removeMember, { params: { organization, user: member.user_id }, signal })
  return oneMember(member)
}
