import { endpoints, type KeyringReport } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'

type Key = KeyringReport['keys'][number]

const columns: readonly Column<Key>[] = [
  idColumn<Key>(),
  { name: 'use', value: useOf, priority: 0 },
  { name: 'values', value: (row) => row.values, priority: 0 },
  instantColumn('created', (row) => row.created_at, 1),
]

function useOf(key: Key): string {
  if (key.seals) return 'seals'
  if (!key.held) return 'missing'
  return key.removable ? 'can be removed' : 'opens'
}

export async function showKeyring(context: Context): Promise<Answer> {
  const client = await context.client()
  const report = await client.call(endpoints.getKeyring, { signal: context.io.signal })
  return answer(context, report)
}

export async function rotateKeyring(context: Context): Promise<Answer> {
  await context.confirm('Seal every secret again?')
  const client = await context.client()
  const report = await client.call(endpoints.rotateKeyring, { signal: context.io.signal })
  context.note(`${report.resealed} values were sealed again`)
  return answer(context, report)
}

function answer(context: Context, report: KeyringReport): Answer<Key> {
  if (report.unreadable > 0) context.note(`warning: ${report.unreadable} values do not open with any key of the server`)
  const where = report.source === 'file' ? 'the file keyring of the data directory' : 'the settings of every server'
  if (report.keys.some(({ removable }) => removable)) context.note(`what can be removed is in ${where}`)
  return { ...table(report.keys, columns, (row) => row.id, 'no keys'), document: () => report }
}
