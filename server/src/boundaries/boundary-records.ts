import type { Uuid } from '@reeve/base'
import { BoundaryLine } from '@reeve/sdk'
import type { SinkMessage } from '../audit/sinks/message.ts'
import { missingNumbers, type RecordSource, type RecordWishes } from '../audit/sinks/records.ts'
import type { Database } from '../db/database.ts'
import { eventFields } from './event-fields.ts'
import { decidedKinds } from './lines.ts'
import { ocsfBoundaryEvent } from './ocsf-events.ts'
import { findFirstNumber, findHead, findNumbered, type NumberedRow } from './record-queries.ts'

/**
 * Every line that boundaries delivered, for sinks, in the order in which the lines were taken in. All are in one journal:
 * of each boundary they come in the order of its record, but for lines that came late.
 */
export function createBoundaryRecords({ sql: db }: Pick<Database, 'sql'>): RecordSource {
  return {
    async heads() {
      const head = await findHead(db)
      return new Map(head === undefined ? [] : [[head.journal, head.records]])
    },
    async beginnings() {
      const head = await findHead(db)
      if (head === undefined) return new Map()
      const first = await findFirstNumber(db)
      return new Map([[head.journal, first === null ? head.records : first - 1]])
    },
    async next(had, wishes) {
      const head = await findHead(db)
      if (head === undefined) return null
      const { journal, records } = head
      const from = had.get(journal) ?? 0
      if (from >= records) return null
      const rows = await findNumbered(db, from, records, wishes.limit)
      // Where less came than was asked for there is no more, and however much is missing is told as one gap.
      const upTo = rows.length < wishes.limit ? records : (rows.at(-1)?.record_no ?? records)
      const there = rows.map(({ record_no }) => record_no)
      return {
        messages: told(journal, rows, wishes),
        to: new Map([[journal, upTo]]),
        removed: missingNumbers(journal, from, there, upTo),
      }
    },
  }
}

/** How many lines go as one request to a webhook. */
const groupLines = 50

async function* told(
  journal: Uuid,
  rows: readonly NumberedRow[],
  { format }: RecordWishes,
): AsyncGenerator<SinkMessage> {
  for (const row of rows) {
    const line = BoundaryLine.parse(JSON.parse(row.line))
    const type = decidedKinds.includes(line.kind) ? 'boundary_request' : `boundary_${line.kind}`
    const fields = eventFields({ ...row, id: row.session_id }, line)
    const record = { id: row.id, record_type: type, ...fields }
    yield {
      stream: 'boundaries',
      group: `${journal} ${Math.floor((row.record_no - 1) / groupLines)}`,
      id: row.id,
      seq: row.record_no,
      at: row.at,
      refused: line.decision === 'deny' || line.kind === 'tamper',
      type,
      body: format === 'ocsf' ? ocsfBoundaryEvent(row, line, record) : record,
    }
  }
}
