import { endpoints, type UserSession } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'

/** A program that signed in with a password says only what it is. */
const nameOf = ({ name, user_agent }: UserSession): string =>
  name !== '' ? name : user_agent?.startsWith('reeve-cli/') === true ? 'reeve login' : 'browser'

const columns: readonly Column<UserSession>[] = [
  { name: 'id', value: (row) => row.id, priority: 0 },
  { name: 'name', value: nameOf, priority: 0 },
  { name: 'current', value: (row) => row.current, priority: 1 },
  { name: 'by', value: (row) => row.login_type, priority: 3 },
  { name: 'ip', value: (row) => row.ip, priority: 1 },
  instantColumn('last_used', (row) => row.last_used, 1),
  instantColumn('created', (row) => row.created_at, 2),
  instantColumn('expires', (row) => row.expires_at, 2),
  instantColumn('ends', (row) => row.ends_at, 4),
  { name: 'agent', value: (row) => row.user_agent, priority: 5, elastic: true },
]

export async function listUserSessions(
  context: Context,
  input: { readonly user: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const params = { user: input.user ?? 'me' }
  const sessions = await client.call(endpoints.listUserSessions, { params, signal: context.io.signal })
  return table(sessions, columns, (row) => row.id, 'no sessions')
}

interface SignOutInput {
  readonly user: string | undefined
  readonly session: string | undefined
}

const endedColumns: readonly Column<{ readonly ended: number }>[] = [
  { name: 'ended', value: (row) => row.ended, priority: 0 },
]

export async function signUserOut(context: Context, input: SignOutInput): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const params = { user: input.user ?? 'me' }
  const what = input.session === undefined ? 'every session but the one that asks' : `the session ${input.session}`
  await context.confirm(input.user === undefined ? `End ${what}?` : `End ${what} of ${input.user}?`)
  const answer = (ended: number) => one({ ended }, endedColumns, (row) => String(row.ended))
  if (input.session === undefined) {
    return answer((await client.call(endpoints.endOtherSessions, { params, signal })).ended)
  }
  await client.call(endpoints.endUserSession, { params: { ...params, session: input.session }, signal })
  return answer(1)
}
