import type { Log, Uuid } from '@reeve/base'
import type { Executor } from '../../db/database.ts'
import { ocsfGap } from '../ocsf.ts'
import type { SinkMessage } from './message.ts'
import type { SinkRow } from './queries.ts'
import { type Heads, moveJournals, selectJournals } from './record-cursors.ts'
import { type RecordStream, recordStreams } from './record-streams.ts'
import type { Target } from './target.ts'

/**
 * Where the records of a stream come from. They lie in journals, as one of each gateway, and each has a number in its
 * journal, without holes: a sink has had a journal up to a number, and what is missing below it was removed.
 */
export interface RecordSource {
  /** How many records each journal has had. */
  heads(): Promise<ReadonlyMap<Uuid, number>>
  /** The number before the first record of each that is still there. */
  beginnings(): Promise<ReadonlyMap<Uuid, number>>
  /** What comes next for whoever has had so much; null when that is all. */
  next(had: ReadonlyMap<Uuid, number>, wishes: RecordWishes): Promise<RecordBatch | null>
}

export type RecordSources = Readonly<Record<RecordStream, RecordSource>>

export async function readHeads(sources: RecordSources): Promise<Heads> {
  const heads = recordStreams.map(async (stream) => [stream, await sources[stream].heads()] as const)
  return new Map(await Promise.all(heads))
}

export interface RecordWishes {
  /** How many numbers of each journal at most. */
  readonly limit: number
  /** Whether prompts, thoughts, inputs of tools and messages of errors come along. */
  readonly words: boolean
  readonly format: SinkRow['format']
}

export interface RecordBatch {
  readonly messages: AsyncIterable<SinkMessage>
  /** How far the journals have been had with it. */
  readonly to: ReadonlyMap<Uuid, number>
  readonly removed: readonly RemovedRecords[]
}

export interface RemovedRecords {
  readonly journal: Uuid
  readonly from: number
  readonly to: number
}

/** Who is told what came of a delivery. */
export interface DeliveryMeter {
  delivered(sink: string, stream: SinkMessage['stream'], count: number): void
  failed(sink: string): void
  /** Records that retention took before the sink had had them. */
  removed(sink: string, stream: RecordStream, count: number): void
}

/**
 * How much is taken at once. Where every group of messages is a request of its own, fewer interceptions fit into the time
 * that a lease lasts.
 */
const numbersMax: Readonly<Record<RecordStream, { readonly many: number; readonly alone: number }>> = {
  interceptions: { many: 100, alone: 5 },
  boundaries: { many: 200, alone: 200 },
}

/** Sends what the sink has not had, batch by batch. `kept` moves the lease along, and is false when it was lost. */
export async function deliverRecords(
  {
    db,
    stream,
    source,
    log,
    meter,
  }: { db: Executor; stream: RecordStream; source: RecordSource; log: Log; meter: DeliveryMeter },
  sink: SinkRow,
  target: Target,
  { now, kept, signal }: { now: () => Date; kept: () => Promise<boolean>; signal: AbortSignal },
): Promise<boolean> {
  const limit = numbersMax[stream][target.batch === 1 ? 'alone' : 'many']
  const wishes = { limit, words: sink.content, format: sink.format }
  const had = new Map(await selectJournals(db, sink.id, stream))
  while (!signal.aborted) {
    const batch = await source.next(had, wishes)
    if (batch === null) break
    const gaps = batch.removed.map((gap) => gapMessage(stream, gap, sink.format, now()))
    const missing = batch.removed.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    let pending = gaps
    let sent = 0
    const flush = async (): Promise<void> => {
      if (pending.length > 0) await target.send(pending, now(), signal)
      sent += pending.length
      pending = []
    }
    for await (const message of batch.messages) {
      pending.push(message)
      if (pending.length >= Math.max(target.batch, 100)) await flush()
    }
    await flush()
    if (!(await kept())) return false
    await moveJournals(db, sink.id, stream, batch.to)
    for (const [journal, no] of batch.to) had.set(journal, no)
    meter.delivered(sink.name, stream, sent)
    if (missing === 0) continue
    meter.removed(sink.name, stream, missing)
    log.error({ sink: sink.name, stream, removed: batch.removed }, 'retention removed records that a sink had not had')
  }
  return true
}

/** What is missing between `from` and `to` where these numbers are there, in their order. */
export function missingNumbers(
  journal: Uuid,
  from: number,
  there: readonly number[],
  to: number,
): readonly RemovedRecords[] {
  const found: RemovedRecords[] = []
  let next = from + 1
  for (const no of [...there, to + 1]) {
    if (no > next) found.push({ journal, from: next, to: no - 1 })
    next = no + 1
  }
  return found
}

/** Under which name a gap says how many are missing. */
const counted: Readonly<Record<RecordStream, string>> = { interceptions: 'interceptions', boundaries: 'events' }

/** Whoever reads what came learns that something is missing, and how much. */
function gapMessage(
  stream: RecordStream,
  { journal, from, to }: RemovedRecords,
  format: SinkRow['format'],
  at: Date,
): SinkMessage {
  const id = `gap-${journal}-${from}-${to}`
  const gap = { id, record_type: 'gap', journal, from_record: from, to_record: to, [counted[stream]]: to - from + 1 }
  return {
    stream,
    group: id,
    id,
    seq: to,
    at,
    refused: true,
    type: 'gap',
    body: format === 'ocsf' ? ocsfGap(stream, gap, at) : gap,
  }
}
