import { type Clock, type Log, toError } from '@reeve/base'
import { z } from 'zod'
import type { Connection } from '../../db/connection.ts'
import { isOutage, sqlState } from '../../db/failures.ts'
import { nodeFs } from '../../journal/node-fs.ts'
import { type Damage, type Frame, readFrames } from '../../journal/read.ts'
import { keepAside } from '../../journal/recover.ts'
import { factsOf, nothingWritten } from './batch-facts.ts'
import { BlobStore, loadBody } from './blob-store.ts'
import { Bodies } from './bodies.ts'
import { connectDrain, type DrainConnection } from './connect.ts'
import { Days } from './days.ts'
import type { BatchFacts, FromDrain, Checkpoint, Place } from './messages.ts'
import { OpenInterceptions } from './open-interceptions.ts'
import { type Prepared, prepare, withoutContent } from './prepare.ts'
import { recordLines } from './record-lines.ts'
import { rejectDamage, rejectFrame } from './rejects.ts'
import { type Written, writeBatch } from './write.ts'

/**
 * Moves the journal into PostgreSQL, exactly once. One batch is one transaction, which moves the checkpoint of this
 * journal from where the drain believes it to stand, and writes what the frames in between say. Whatever goes wrong, the
 * checkpoint says what has been written.
 *
 *   connecting ──checkpoint read──▶ draining ──nothing more──▶ waiting ──told of more──▶ draining
 *   any ──the database does not answer──▶ connecting, after a pause that grows
 *   connecting, draining ──the journal does not reach the checkpoint──▶ blocked, until somebody has put it right
 *   draining ──a batch is refused──▶ one frame at a time ──one is refused alone──▶ that frame among the rejects
 */
export interface DrainOptions {
  readonly journalDir: string
  readonly replicaId: string
  readonly connection: Connection
  readonly structuredLogging: boolean
  readonly clock: Clock
  readonly log: Log
  readonly tell: (message: FromDrain) => void
  /** Is told of what has ended, once that is in the database. */
  readonly onEnds?: (ends: Written['ends']) => void
}

const batchFramesMax = 400
const batchBytesMax = 8 * 1024 * 1024
/** A few bytes of a frame may stand for a body of a megabyte: past this a batch ends early. */
const rebuiltBytesMax = 32 * 1024 * 1024
const firstPauseMs = 100
const longestPauseMs = 5_000
/** Between two looks whether somebody has put right what the drain cannot. */
const blockedPauseMs = 30_000

const CheckpointRow = z.object({
  segment: z.number(),
  byte_offset: z.number(),
  seq: z.number(),
  chain_hash: z.string().nullable(),
})

const MovedRow = z.object({ records: z.number() })

interface Batch {
  readonly frames: readonly Frame[]
  readonly damage: readonly Damage[]
}

export class DrainLoop {
  readonly #with: DrainOptions
  readonly #open: OpenInterceptions
  readonly #days: Days
  #bodies: Bodies
  #blobs: BlobStore
  #durable: Place | null = null
  #at: Checkpoint | null = null
  #retired = 0
  /** Damaged segments that have no second name yet. */
  readonly #unkept = new Set<number>()
  #stopping = false
  #wake: () => void = () => {}

  constructor(options: DrainOptions) {
    this.#with = options
    this.#open = new OpenInterceptions(options.journalDir, (segment) => this.#keepDamaged(segment))
    this.#days = new Days(options.clock, options.log)
    this.#bodies = new Bodies(() => Promise.resolve(null))
    this.#blobs = new BlobStore(options.clock)
  }

  /** How far the journal may be read. */
  advance(to: Place): void {
    this.#durable = to
    this.#wake()
  }

  /** Lets a batch that is under way end. */
  stop(): void {
    this.#stopping = true
    this.#wake()
  }

  /** Runs until stopped; never rejects. */
  async run(): Promise<void> {
    for (let pauseMs = firstPauseMs; !this.#stopping; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await using connection = await connectDrain(this.#with.connection)
        await this.#begin(connection)
        this.#with.tell({ kind: 'trouble', detail: null, blocked: false })
        while (!this.#stopping) {
          await this.#step(connection)
          pauseMs = firstPauseMs
        }
      } catch (thrown) {
        if (this.#stopping) return
        if (thrown instanceof JournalReplaced) {
          await this.#waitForOperator(thrown)
          continue
        }
        const err = toError(thrown)
        this.#with.log.warn({ err, code: sqlState(thrown) }, 'the record waits for the database')
        const detail = 'PostgreSQL does not take the record at the moment; it is kept on disk.'
        this.#with.tell({ kind: 'trouble', detail, blocked: false })
        await this.#pause(pauseMs)
      }
    }
  }

  async #waitForOperator(why: JournalReplaced): Promise<void> {
    const { replicaId, journalDir, log, tell } = this.#with
    log.error({ replicaId, journalDir, checkpoint: why.checkpoint, durable: this.#durable }, why.message)
    tell({ kind: 'trouble', detail: why.message, blocked: true })
    this.#at = null
    await this.#pause(blockedPauseMs)
  }

  async #begin(connection: DrainConnection): Promise<void> {
    const { replicaId, clock } = this.#with
    await this.#days.ensure(connection, [])
    await connection.run('makeCheckpoint', [replicaId, clock.now()])
    const at = await this.#readCheckpoint(connection)
    // A commit whose answer was lost: what came of it, the database knows.
    if (this.#at?.seq !== at.seq || this.#at.offset !== at.offset) {
      if (!(await this.#open.rebuild(at))) throw new JournalReplaced(at)
    }
    this.#at = at
    this.#with.tell({ kind: 'drained', to: at, batch: nothingWritten })
    this.#bodies = new Bodies((id) => loadBody(connection, id))
    this.#blobs = new BlobStore(clock)
  }

  async #readCheckpoint(connection: DrainConnection): Promise<Checkpoint> {
    const row = CheckpointRow.parse((await connection.run('readCheckpoint', [this.#with.replicaId])).rows[0])
    return { segment: row.segment, offset: row.byte_offset, seq: row.seq, hash: row.chain_hash }
  }

  async #step(connection: DrainConnection): Promise<void> {
    const at = this.#at!
    const upTo = this.#durable
    if (upTo === null) return this.#waitForMore(upTo)
    if (isBefore(upTo, at)) throw new JournalReplaced(at)
    if (!isBefore(at, upTo)) return this.#waitForMore(upTo)
    const batch = await this.#read(at, upTo)
    if (batch.frames.length === 0 && batch.damage.length === 0) return this.#waitForMore(upTo)
    try {
      await this.#write(connection, batch)
    } catch (thrown) {
      this.#bodies.drop()
      if (isTransient(thrown)) throw thrown
      this.#with.log.warn(
        { err: toError(thrown), frames: batch.frames.length },
        'a batch is refused; trying its frames one by one',
      )
      await this.#writeOneByOne(connection, batch)
    }
  }

  async #writeOneByOne(connection: DrainConnection, batch: Batch): Promise<void> {
    if (batch.damage.length > 0) await this.#write(connection, { frames: [], damage: batch.damage })
    for (const frame of batch.frames) {
      try {
        await this.#write(connection, { frames: [frame], damage: [] })
      } catch (thrown) {
        this.#bodies.drop()
        if (isTransient(thrown)) throw thrown
        await this.#setAside(connection, frame, toError(thrown))
      }
    }
  }

  async #write(
    connection: DrainConnection,
    batch: Batch,
    { bare = false, also = () => Promise.resolve() }: { bare?: boolean; also?: () => Promise<void> } = {},
  ): Promise<void> {
    const { replicaId } = this.#with
    const full = await this.#prepare(batch)
    const prepared = bare ? full.map(withoutContent) : full
    const begun = prepared.flatMap((entry) => (entry.kind === 'start' ? [entry.head.id] : []))
    const touched = prepared.flatMap((entry) => (entry.kind === 'chunk' ? [] : [entry.head.id]))
    await this.#days.ensure(connection, begun)
    const to = endOf({ ...batch, frames: batch.frames.slice(0, prepared.length) }, this.#at!)
    const written = await connection.transaction(async () => {
      const ends = prepared.filter((entry) => entry.kind === 'end').length
      const recordsBefore = (await this.#move(connection, to, ends)) - ends
      await this.#days.keep(connection, touched)
      for (const damage of batch.damage) await rejectDamage(connection, replicaId, damage, this.#with.clock)
      await also()
      return writeBatch(prepared, { connection, blobs: this.#blobs, replicaId, recordsBefore })
    })
    this.#bodies.keep()
    this.#blobs.keep()
    for (const entry of prepared) {
      const id = entry.kind === 'chunk' ? entry.id : entry.head.id
      this.#open.note(entry.frame, { kind: entry.kind, id })
    }
    this.#arrived(to, factsOf(written, batch.damage.length + (bare ? 1 : 0)), written)
  }

  /**
   * The chunks of this batch are not noted yet, so an end in it is told of them. As many frames from the front as fit
   * into memory; the rest is read again. Damage belongs to the whole batch, which then is not cut.
   */
  async #prepare({ frames, damage }: Batch): Promise<Prepared[]> {
    const pending = new Map<string, Buffer[]>()
    const context = {
      bodies: this.#bodies,
      chunksOf: (id: string) => this.#open.chunksOf(id, pending.get(id) ?? []),
      chunk: (id: string, bytes: Buffer) => {
        const known = pending.get(id)
        if (known === undefined) pending.set(id, [bytes])
        else known.push(bytes)
      },
      log: this.#with.log,
    }
    const prepared: Prepared[] = []
    for (const frame of frames) {
      prepared.push(await prepare(frame, context))
      if (damage.length === 0 && this.#bodies.stagedBytes > rebuiltBytesMax) break
    }
    return prepared
  }

  /** Keeps the frame among the rejects; of its interception what can still be written without its content. */
  async #setAside(connection: DrainConnection, frame: Frame, error: Error): Promise<void> {
    const { replicaId, clock, log } = this.#with
    log.error(
      { err: error, segment: frame.segment, offset: frame.start, seq: frame.seq },
      'a journal frame cannot be written; it is kept in drain_rejects',
    )
    const keep = () => rejectFrame(connection, replicaId, frame, error, clock)
    try {
      await this.#write(connection, { frames: [frame], damage: [] }, { bare: true, also: keep })
    } catch (thrown) {
      this.#bodies.drop()
      if (isTransient(thrown)) throw thrown
      const to = endOfFrame(frame)
      await connection.transaction(async () => {
        await this.#move(connection, to, 0)
        await keep()
      })
      this.#arrived(to, { ...nothingWritten, rejects: 1 }, null)
    }
  }

  /** Resolves with how many interceptions of this journal have ended, those of the batch included. */
  async #move(connection: DrainConnection, to: Checkpoint, ends: number): Promise<number> {
    const { replicaId, clock } = this.#with
    const at = this.#at!
    const values = [replicaId, to.segment, to.offset, to.seq, clock.now(), at.segment, at.offset, to.hash, ends]
    const [moved] = z.array(MovedRow).parse((await connection.run('moveCheckpoint', values)).rows)
    if (moved === undefined) throw new CheckpointMoved()
    return moved.records
  }

  #arrived(to: Checkpoint, batch: BatchFacts, written: Written | null): void {
    const { tell, structuredLogging, onEnds } = this.#with
    this.#at = to
    tell({ kind: 'drained', to, batch })
    if (structuredLogging && written !== null) tell({ kind: 'records', lines: recordLines(written) })
    if (written !== null) onEnds?.(written.ends)
    const oldest = Math.min(this.#open.oldestSegment(to.segment), ...this.#unkept)
    if (oldest > this.#retired) tell({ kind: 'retire', belowSegment: oldest })
    this.#retired = Math.max(oldest, this.#retired)
  }

  async #read(from: Place, to: Place): Promise<Batch> {
    const frames: Frame[] = []
    const damage: Damage[] = []
    let bytes = 0
    const onDamage = (found: Damage) => void damage.push(found)
    for await (const frame of readFrames({ dir: this.#with.journalDir, from, to, onDamage })) {
      frames.push(frame)
      bytes += frame.payload.length
      if (frames.length >= batchFramesMax || bytes >= batchBytesMax) break
    }
    const [first] = frames
    if (first !== undefined && damage.length === 0 && first.seq > from.seq + 1) damage.push(gap(from, first))
    for (const found of damage) {
      this.#with.log.error({ damage: found }, 'the journal is damaged')
      if (found.reason !== 'missing') await this.#keepDamaged(found.segment)
    }
    // What could not be kept aside then may be by now.
    for (const segment of this.#unkept) await this.#keepDamaged(segment)
    return { frames, damage }
  }

  /** Before the checkpoint passes the damage, so that the segment cannot be retired without. */
  async #keepDamaged(segment: number): Promise<void> {
    const { journalDir: dir, log } = this.#with
    if (await keepAside({ fs: nodeFs, dir, segment, log })) this.#unkept.delete(segment)
    else this.#unkept.add(segment)
  }

  #waitForMore(than: Place | null): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopping || this.#durable !== than) resolve()
      else this.#wake = resolve
    })
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        if (!this.#stopping) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** The journal begins later than the database ends: a backup of either was put back, or segments were deleted by hand. */
const gap = (from: Place, first: Frame): Damage => ({
  segment: from.segment,
  start: from.offset,
  end: first.start,
  reason: 'missing',
  detail: `frames ${from.seq + 1} to ${first.seq - 1} are not there`,
})

/**
 * The checkpoint is at a place that this journal does not have: an older copy of the directory was put back, or its
 * segments were lost. Going on from there would leave out what is in the journal, without a word.
 */
class JournalReplaced extends Error {
  readonly checkpoint: Place
  constructor(checkpoint: Place) {
    super(
      'PostgreSQL has more of this journal than there is on disk: an older copy of the directory was put back, or its ' +
        'segments were lost. Nothing more goes from it to PostgreSQL until that is put right; docs/admin/record.md says how.',
    )
    this.checkpoint = checkpoint
  }
}

/** Somebody else wrote for this journal: the drain reads again where it stands. */
class CheckpointMoved extends Error {
  constructor() {
    super('the checkpoint is not where it was')
  }
}

/**
 * Whether the same batch may succeed later. What the database says of the data itself (classes 22 and 23, and 54, its
 * own limits), and what this program cannot read, will not change by waiting; everything else may.
 */
function isTransient(thrown: unknown): boolean {
  if (thrown instanceof CheckpointMoved || isOutage(thrown)) return true
  const state = sqlState(thrown)
  return state !== null && !/^(22|23|54)/.test(state)
}

const isBefore = (a: Place, b: Place): boolean =>
  a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)

const endOfFrame = (frame: Frame): Checkpoint => ({
  segment: frame.segment,
  offset: frame.end,
  seq: frame.seq,
  hash: frame.hash.toString('hex'),
})

function endOf({ frames, damage }: Batch, at: Checkpoint): Checkpoint {
  const last = frames.at(-1)
  return damage.reduce(
    (furthest, { segment, end: offset }) =>
      isBefore(furthest, { segment, offset, seq: 0 }) ? { segment, offset, seq: furthest.seq, hash: null } : furthest,
    last === undefined ? at : endOfFrame(last),
  )
}
