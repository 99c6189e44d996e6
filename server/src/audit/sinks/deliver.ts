import { type Clock, Fault, type Log, toError, type Uuid } from '@reeve/base'
import type { Visibility } from '../../access/policy.ts'
import type { Database } from '../../db/database.ts'
import type { AllowedNetwork } from '../../http/egress.ts'
import type { Keyring } from '../../keyring/keyring.ts'
import { selectCheckpoints } from '../checkpoint-queries.ts'
import { timeOf } from '../present.ts'
import { selectChain, selectChained } from '../queries.ts'
import { readAuditSearch } from '../search.ts'
import { checkpointMessage, sinkMessage } from './message.ts'
import { leaseSinks, recordDelivery, recordFailure, releaseSink, releaseSinks, type SinkRow } from './queries.ts'
import { type DeliveryMeter, deliverRecords, readHeads, type RecordSources } from './records.ts'
import { recordStreams } from './record-streams.ts'
import { openTarget, type Target } from './target.ts'

/**
 * Sends events to sinks in the order of the chain, each signed checkpoint after the events that it covers, and records of
 * interceptions and of boundaries in the order of their journals. The cursor of a sink moves after the receiver has taken a batch: what was
 * sent when a crash came between is sent again, with the same id. A receiver that is away is tried again at growing
 * intervals, and nothing is given up: events wait in the table that they are in anyway.
 *
 *   idle ──an event, a checkpoint or a record is past the cursor──▶ leased ──batch taken──▶ leased … ──nothing left──▶ idle
 *   leased ──batch not taken──▶ waiting ──the pause is over──▶ leased, by any replica
 *   leased ──its replica died──▶ leased by another, when the lease has run out
 */
export interface DeliveryContext {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'open'>
  readonly outboundAllowed: readonly AllowedNetwork[]
  readonly replicaId: Uuid
  readonly clock: Clock
  readonly log: Log
  readonly records: RecordSources
  readonly meter: DeliveryMeter
  /** How long a receiver that is asked over HTTP may take to answer. */
  readonly answerMs?: number
}

const leaseMs = 90_000
const firstPauseMs = 1_000
const longestPauseMs = 60_000

const all: Visibility = {
  everything: true,
  organizationIds: [],
  own: { ownerId: '', within: [] },
  listed: { userId: '', groupIds: [], action: '' },
  ids: 'any',
}
const anything = readAuditSearch('')

/** Delivers what there is to whom it can, once. Sinks do not wait for each other. */
export async function deliverAll(context: DeliveryContext, signal: AbortSignal): Promise<void> {
  const { db, clock, records, replicaId } = context
  const now = clock.now()
  const sinks = await leaseSinks(db.sql, replicaId, now, leaseEnd(clock), await readHeads(records))
  await Promise.all(sinks.map((sink) => deliver(context, sink, signal)))
}

async function deliver(context: DeliveryContext, sink: SinkRow, signal: AbortSignal): Promise<void> {
  const { db, clock, log, meter, replicaId } = context
  let { delivered_seq: seq, delivered_checkpoint: checkpoint, attempts } = sink
  /** Moves the cursor, and the end of the lease. False when somebody else has the sink by now. */
  const moveTo = async (place: { readonly seq: number; readonly checkpoint: number }): Promise<boolean> => {
    ;({ seq, checkpoint } = place)
    attempts = 0
    return recordDelivery(db.sql, { id: sink.id, replicaId, ...place, at: clock.now(), until: leaseEnd(clock) })
  }
  try {
    await using target = openTarget(sink, context)
    let isKept = !sink.sends.includes('audit') || (await deliverAudit(context, sink, target, moveTo, signal))
    for (const stream of recordStreams) {
      if (!isKept || !sink.sends.includes(stream)) continue
      const from = { db: db.sql, stream, source: context.records[stream], log, meter }
      const kept = () => moveTo({ seq, checkpoint })
      isKept = await deliverRecords(from, sink, target, { now: () => clock.now(), kept, signal })
    }
    if (isKept) await releaseSink(db.sql, sink.id, replicaId)
  } catch (thrown) {
    if (signal.aborted) return
    const error = thrown instanceof Fault ? thrown.message : 'the event could not be sent'
    const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(attempts, 10), longestPauseMs)
    const at = clock.now()
    meter.failed(sink.name)
    log.warn({ sink: sink.name, err: toError(thrown), retry_ms: pauseMs }, 'not delivered to a sink yet')
    const next = new Date(at.getTime() + pauseMs)
    await recordFailure(db.sql, { id: sink.id, replicaId, error, at, next }).catch((second: unknown) =>
      log.warn({ sink: sink.name, err: toError(second) }, 'the state of a sink was not written'),
    )
  }
}

/** The chain and its checkpoints. False when the lease was lost. */
async function deliverAudit(
  { db, clock, log, meter }: DeliveryContext,
  sink: SinkRow,
  target: Target,
  moveTo: (place: { readonly seq: number; readonly checkpoint: number }) => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  let { delivered_seq: seq, delivered_checkpoint: checkpoint } = sink
  const { seq: upToSeq, removed_seq } = await selectChain(db.sql)
  if (removed_seq > seq) {
    log.error(
      { sink: sink.name, from_seq: seq + 1, to_seq: removed_seq },
      'retention removed audit events that a sink had not had',
    )
  }
  while (!signal.aborted) {
    const rows = await selectChained(db.sql, anything, all, { afterSeq: seq, upToSeq, limit: target.batch })
    const last = rows.at(-1)?.seq ?? null
    if (last === null) break
    const messages = rows.map((row) => sinkMessage(row, sink.format, timeOf(row.id)))
    await target.send(messages, clock.now(), signal)
    if (!(await moveTo({ seq: last, checkpoint }))) return false
    seq = last
    meter.delivered(sink.name, 'audit', rows.length)
  }
  if (seq < upToSeq && removed_seq >= upToSeq) {
    if (!(await moveTo({ seq: upToSeq, checkpoint }))) return false
    seq = upToSeq
  }
  // After the events that they cover, so that whoever reads what came knows at each checkpoint what it is about.
  while (!signal.aborted) {
    const rows = await selectCheckpoints(db.sql, checkpoint, target.batch)
    const covered = rows.filter((row) => row.seq <= seq)
    const last = covered.at(-1)?.number ?? null
    if (last === null) break
    await target.send(
      covered.map((row) => checkpointMessage(row, sink.format)),
      clock.now(),
      signal,
    )
    if (!(await moveTo({ seq, checkpoint: last }))) return false
    checkpoint = last
  }
  return true
}

const leaseEnd = (clock: Clock): Date => new Date(clock.now().getTime() + leaseMs)

const lookMs = 1_000

/** Looks every second, and gives back its leases at the end. */
export function startDelivery(context: DeliveryContext): AsyncDisposable {
  const { db, log, replicaId } = context
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    try {
      await deliverAll(context, stopping.signal)
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'no audit events delivered for now')
    }
    if (!stopping.signal.aborted) timer = setTimeout(() => (running = look()), lookMs).unref()
  }
  let running = look()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      clearTimeout(timer)
      await running
      await releaseSinks(db.sql, replicaId).catch((thrown: unknown) =>
        log.warn({ err: toError(thrown) }, 'leases of audit sinks not given back; they run out by themselves'),
      )
    },
  }
}
