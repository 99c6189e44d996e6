import { csvCells } from '../http/csv-cells.ts'
import type { AuditRow } from './queries.ts'
import { timeOf } from './present.ts'

const columns: readonly (readonly [string, (row: AuditRow) => string | number | null])[] = [
  ['seq', (row) => row.seq],
  ['time', (row) => timeOf(row.id).toISOString()],
  ['actor', (row) => row.username],
  ['actor_id', (row) => row.actor_id],
  ['api_key_id', (row) => row.api_key_id],
  ['action', (row) => row.action],
  ['resource_type', (row) => row.resource_type],
  ['resource_id', (row) => row.resource_id],
  ['resource_target', (row) => row.resource_target],
  ['outcome', (row) => row.outcome],
  ['reason', (row) => row.reason],
  ['source', (row) => row.source],
  ['ip', (row) => row.ip],
  ['organization_id', (row) => row.organization_id],
  ['request_id', (row) => row.request_id],
  ['user_agent', (row) => row.user_agent],
  ['diff', (row) => JSON.stringify(row.diff)],
  ['id', (row) => row.id],
]

export const csvHeader = (): string => csvCells(columns.map(([name]) => name))

export const csvLine = (row: AuditRow): string => csvCells(columns.map(([, value]) => value(row)))
