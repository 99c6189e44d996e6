import { endpoints, type License } from '@reeve/sdk'
import { Fault } from '@reeve/base'
import type { Context } from '../context.ts'
import { type Answer, type Cell, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { readText } from './policy-file.ts'

/** A claim as it was signed: whatever the maker put there. */
function claim(row: License, name: string): Cell {
  const value: unknown = row.claims[name]
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

function instantClaim(row: License, name: string): string | null {
  const seconds = claim(row, name)
  return typeof seconds === 'number' ? new Date(seconds * 1_000).toISOString() : null
}

function limit(row: License, name: string): Cell {
  const { features } = row.claims
  const value: unknown = typeof features === 'object' && features !== null ? Reflect.get(features, name) : null
  return typeof value === 'number' ? value : null
}

const columns: readonly Column<License>[] = [
  { name: 'id', value: (row) => row.id, priority: 0 },
  {
    name: 'state',
    value: (row) => row.state,
    priority: 0,
    tone: ({ state }) => (state === 'active' ? 'green' : state === 'dormant' ? 'dim' : 'red'),
  },
  { name: 'account', value: (row) => claim(row, 'account_id'), priority: 1 },
  { name: 'builds', value: (row) => limit(row, 'managed_agent_limit'), priority: 0 },
  { name: 'users', value: (row) => limit(row, 'user_limit'), priority: 1 },
  instantColumn('begins', (row) => instantClaim(row, 'nbf'), 2),
  instantColumn('expires', (row) => instantClaim(row, 'license_expires'), 0),
  instantColumn('ends', (row) => instantClaim(row, 'exp'), 2),
  instantColumn('added', (row) => row.uploaded_at, 3),
  { name: 'problem', value: (row) => row.problem, priority: 1, elastic: true },
  { name: 'uuid', value: (row) => row.uuid, priority: 4 },
]
const idOf = (row: License): string => String(row.id)

export async function addLicense(context: Context, { file = '-' }: { file: string | undefined }): Promise<Answer> {
  const license = (await readText(context, file)).trim()
  if (license === '') throw new Fault('invalid', 'there is no licence in it')
  const client = await context.client()
  const added = await client.call(endpoints.addLicense, { body: { license }, signal: context.io.signal })
  if (added.state === 'dormant') context.note('it lies dormant until it begins')
  return one(added, columns, idOf)
}

export async function listLicenses(context: Context): Promise<Answer> {
  const client = await context.client()
  const licenses = await client.call(endpoints.listLicenses, { signal: context.io.signal })
  const { warnings, errors } = await client.call(endpoints.getEntitlements, { signal: context.io.signal })
  for (const said of [...errors, ...warnings]) context.note(said)
  return table(licenses, columns, idOf, 'no licences; reeve licenses usage shows what is included')
}

export async function deleteLicense(context: Context, { license }: { readonly license: string }): Promise<Answer> {
  const client = await context.client()
  await context.confirm(`Take the licence ${license} away?`)
  await client.call(endpoints.deleteLicense, { params: { id: license }, signal: context.io.signal })
  return one({ id: license }, [{ name: 'id', value: (row) => row.id, priority: 0 }], (row) => row.id)
}
