import type { Uuid } from '@reeve/base'
import type { SinkMessage } from '../../audit/sinks/message.ts'
import {
  missingNumbers,
  type RecordBatch,
  type RecordSource,
  type RecordWishes,
  type RemovedRecords,
} from '../../audit/sinks/records.ts'
import type { Database } from '../../db/database.ts'
import { ocsfRecord } from './ocsf-records.ts'
import { type BridgeRecord, endRecord, itemRecord, startRecord, tokenRecord } from './records.ts'
import { type EndedRow, findBeginnings, findEnded, findHeads, findTold } from './record-queries.ts'

/** What ended in each journal, for sinks: in the order of the journal, and of several journals in the order of time. */
export function createRecordSource({ sql: db }: Pick<Database, 'sql'>): RecordSource {
  return {
    heads: () => findHeads(db),
    beginnings: () => findBeginnings(db),
    async next(had, wishes) {
      const pages: Page[] = []
      for (const [journal, head] of await findHeads(db)) {
        const from = had.get(journal) ?? 0
        if (from >= head) continue
        const upTo = Math.min(head, from + wishes.limit)
        pages.push({ journal, from, upTo, isWhole: upTo === head, rows: await findEnded(db, journal, from, upTo) })
      }
      return pages.length === 0 ? null : batchOf(pages, (rows) => told(db, rows, wishes))
    },
  }
}

export interface Page {
  readonly journal: Uuid
  readonly from: number
  readonly upTo: number
  /** Whether the journal has no more behind it. */
  readonly isWhole: boolean
  readonly rows: readonly EndedRow[]
}

/**
 * The pages of several journals as one. What ended after the last of a page that goes on waits for what that journal has
 * next; of each journal a page is taken from its front, so that one number says how far it was had.
 */
export function batchOf(
  pages: readonly Page[],
  tell: (rows: readonly EndedRow[]) => AsyncIterable<SinkMessage>,
): RecordBatch {
  const timed = pages.map((page) => ({ ...page, ends: endsOf(page.rows) }))
  const until = Math.min(...timed.map(({ isWhole, ends }) => (isWhole ? Infinity : (ends.at(-1) ?? Infinity))))
  const taken: { row: EndedRow; at: number }[] = []
  const to = new Map<Uuid, number>()
  const removed: RemovedRecords[] = []
  for (const { journal, from, upTo, rows, ends } of timed) {
    const count = ends.filter((at) => at <= until).length
    const had = count === rows.length ? upTo : (rows[count - 1]?.record_no ?? from)
    to.set(journal, had)
    const there = rows.slice(0, count).map(({ record_no }) => record_no)
    removed.push(...missingNumbers(journal, from, there, had))
    for (const [place, row] of rows.slice(0, count).entries()) taken.push({ row, at: ends[place]! })
  }
  return { to, removed, messages: tell(taken.toSorted((a, b) => a.at - b.at).map(({ row }) => row)) }
}

/** When each ended, and never before the one in front of it: clocks are put right, and the journal's order holds. */
function endsOf(rows: readonly EndedRow[]): number[] {
  let latest = -Infinity
  return rows.map(({ ended_at }) => (latest = Math.max(latest, ended_at.getTime())))
}

/** How many items are in memory at once. A text has up to a quarter of a megabyte. */
const itemsMax = { words: 100, facts: 500 }

/** The records of one interception after the other. */
async function* told(
  db: Database['sql'],
  rows: readonly EndedRow[],
  wishes: RecordWishes,
): AsyncGenerator<SinkMessage> {
  if (rows.length === 0) return
  const ids = rows.map((row) => row.id)
  const { words } = wishes
  const limit = words ? itemsMax.words : itemsMax.facts
  let place = 0
  let last = { place: 0, seq: -1 }
  yield message(rows[0]!, startRecord(rows[0]!), wishes)
  for (;;) {
    const items = await findTold(db, ids, last, { words, limit })
    for (const item of items) {
      while (place < item.place) yield* between(rows[place]!, rows[++place], wishes)
      const row = rows[place]!
      const record = itemRecord(item, row.provider_response_id, words)
      if (record !== null) yield message(row, record, wishes)
    }
    const end = items.at(-1)
    if (end === undefined || items.length < limit) break
    last = { place: end.place, seq: end.seq }
  }
  while (place < rows.length) yield* between(rows[place]!, rows[++place], wishes)
}

/** The end of one and the beginning of the next. */
function* between(row: EndedRow, next: EndedRow | undefined, wishes: RecordWishes): Generator<SinkMessage> {
  const tokens = tokenRecord(row)
  if (tokens !== null) yield message(row, tokens, wishes)
  yield message(row, endRecord(row, wishes.words), wishes)
  if (next !== undefined) yield message(next, startRecord(next), wishes)
}

function message(row: EndedRow, record: BridgeRecord, { format }: RecordWishes): SinkMessage {
  const isBegin = record.record_type === 'interception_start' || record.record_type === 'prompt_usage'
  const at = isBegin ? new Date(row.started_at) : row.ended_at
  return {
    stream: 'interceptions',
    group: row.id,
    id: record.id,
    seq: row.record_no,
    at,
    refused: record.record_type === 'interception_end' && row.outcome !== 'ok',
    type: record.record_type,
    body: format === 'ocsf' ? ocsfRecord(row, record, at) : record,
  }
}
