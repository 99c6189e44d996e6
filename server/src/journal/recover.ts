/**
 * What opening a journal does to what an earlier process left: an unfinished write is cut off, what is there is made
 * durable, damage is found, reported and kept aside, and the place is told where the chain goes on.
 */
import { join } from 'node:path'
import { type Clock, Fault, type Log, toError, type Uuid } from '@reeve/base'
import { newReplicaId, readReplicaId, unlinkIfThere, writeReplicaId } from './directory.ts'
import { errorCode, type JournalFs, readFully, writeAll } from './journal-fs.ts'
import type { Damage } from './scan.ts'
import { chainOrigin, segmentName } from './segment-header.ts'
import type { DurableEnd } from './segment-writer.ts'
import { listSegments, walk, type WalkEnd } from './walk.ts'

const rewriteBytes = 1024 * 1024

export interface Recovered {
  readonly replicaId: Uuid
  readonly end: DurableEnd
  readonly lastSegment: number
  readonly sizes: ReadonlyMap<number, number>
  readonly damage: readonly Damage[]
  readonly tornBytes: number
}

export interface RecoverOptions {
  readonly fs: JournalFs
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
}

export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { fs, dir, log } = options
  const { damage, end } = await readAll(fs, dir)
  for (const found of damage) log.error({ dir, ...found }, 'journal is damaged')
  const damaged = new Set(damage.filter((found) => found.reason !== 'missing').map((found) => found.segment))
  for (const segment of damaged) await keepAside({ fs, dir, segment, log })
  if (end.tornBytes > 0) {
    log.warn(
      { dir, segment: end.segment, offset: end.offset, bytes: end.tornBytes },
      'unfinished journal write cut off',
    )
  }
  for (const segment of end.unused) await unlinkIfThere(fs, join(dir, segmentName(segment)))
  if (end.segment > 0) await settleLast(fs, dir, end, !damaged.has(end.segment))
  await fs.syncDirectory(dir)

  const replicaId = await settleReplicaId(options, end.replicaId)
  const sizes = new Map<number, number>()
  for (const segment of await listSegments(fs, dir)) {
    sizes.set(segment, (await fs.inspect(join(dir, segmentName(segment)))).size)
  }
  const head = end.head ?? chainOrigin(replicaId)
  const segment = Math.max(0, ...sizes.keys())
  const offset = segment === end.segment ? end.offset : (sizes.get(segment) ?? 0)
  return {
    replicaId,
    // A number that damage may have used is never given out again: what was drained before must not meet its double.
    end: { position: { segment, offset, seq: head.seq + end.seqsLost }, hash: Buffer.from(head.hash) },
    lastSegment: segment,
    sizes,
    damage,
    tornBytes: end.tornBytes,
  }
}

/**
 * Gives a damaged segment a second name, `….wal.damaged`, under which it outlives retirement. Nothing that reads or
 * retires the journal touches that name; an operator decides. False says that it could not be done: until it can, the
 * segment must not be retired.
 */
export async function keepAside(options: {
  readonly fs: JournalFs
  readonly dir: string
  readonly segment: number
  readonly log: Log
}): Promise<boolean> {
  const { fs, dir, segment, log } = options
  const path = join(dir, segmentName(segment))
  try {
    await fs.link(path, `${path}.damaged`)
    await fs.syncDirectory(dir)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return true
    log.error({ dir, segment, err: toError(error) }, 'damaged journal segment not kept aside')
    return false
  }
}

async function readAll(fs: JournalFs, dir: string): Promise<{ damage: Damage[]; end: WalkEnd }> {
  const damage: Damage[] = []
  const steps = walk({ fs, dir, from: { segment: 0, offset: 0 }, to: null })
  for (;;) {
    const step = await steps.next()
    if (step.done) return { damage, end: step.value }
    if ('reason' in step.value) damage.push(step.value)
  }
}

/**
 * A killed process leaves frames that are written and not yet durable. They count from here on, so they are made durable
 * before anyone reads them. A sync alone does not do that: after an fdatasync that failed in the other process the pages
 * count as clean and are in memory only. Writing the same bytes again makes them dirty; at most one segment is.
 * What a damaged segment contains is not changed.
 */
async function settleLast(fs: JournalFs, dir: string, end: WalkEnd, sound: boolean): Promise<void> {
  const file = await fs.open(join(dir, segmentName(end.segment)), 'write')
  try {
    const size = await file.size()
    if (sound && size > end.offset) await file.truncate(end.offset)
    const rewritten = Math.min(size, end.offset)
    for (let at = 0; at < rewritten; at += rewriteBytes) {
      const bytes = await readFully(file, Buffer.alloc(Math.min(rewriteBytes, rewritten - at)), at)
      await writeAll(file, [bytes], at)
    }
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function settleReplicaId(options: RecoverOptions, written: Uuid | null): Promise<Uuid> {
  const { fs, dir, clock } = options
  const named = await readReplicaId(fs, dir)
  if (named !== null && written !== null && named !== written) {
    throw new Fault(
      'conflict',
      `The journal in ${dir} belongs to replica ${written}, its replica-id file says ${named}.`,
    )
  }
  if (named !== null) return named
  const id = written ?? newReplicaId(clock)
  await writeReplicaId(fs, dir, id)
  return id
}
