import { endpoints, type Organization } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'

const columns: readonly Column<Organization>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'display_name', value: (row) => row.display_name, priority: 1 },
  { name: 'default', value: (row) => row.is_default, priority: 2 },
  { name: 'description', value: (row) => row.description, priority: 3, elastic: true },
  instantColumn('created', (row) => row.created_at, 3),
  { ...idColumn<Organization>(), priority: 4 },
]

export async function listOrganizations(context: Context): Promise<Answer> {
  const client = await context.client()
  const rows = await client.call(endpoints.listOrganizations, { signal: context.io.signal })
  return table(rows, columns, (row) => row.id, 'no organizations')
}

export async function showOrganization(
  context: Context,
  input: { readonly organization: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const params = { organization: input.organization ?? 'default' }
  return one(
    await client.call(endpoints.getOrganization, { params, signal: context.io.signal }),
    columns,
    (row) => row.id,
  )
}
