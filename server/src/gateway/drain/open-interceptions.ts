import { Fault } from '@reeve/base'
import type { Damage, Frame } from '../../journal/read.ts'
import { readFrameAt, readFrames } from '../../journal/read.ts'
import { decodeFrame, type GatewayFrame, interceptionOf } from '../record/frames.ts'
import type { Checkpoint } from './messages.ts'

interface Open {
  readonly startSegment: number
  /** Where the chunks of the answer are. */
  readonly chunks: { readonly segment: number; readonly offset: number }[]
}

/**
 * The interceptions that have begun, as far as the drain has come, and have not ended. Their chunks stay in the journal
 * until the end is written: only where they are is remembered, so that a thousand open streams cost little here, too.
 */
export class OpenInterceptions {
  readonly #dir: string
  readonly #open = new Map<string, Open>()

  readonly #onDamaged: (segment: number) => Promise<void>

  constructor(dir: string, onDamaged: (segment: number) => Promise<void>) {
    this.#dir = dir
    this.#onDamaged = onDamaged
  }

  /**
   * Finds out anew, from what the journal still has, what was open at this place. False when the journal has no such
   * place: it is not the one that was drained up to there.
   */
  async rebuild(upTo: Checkpoint): Promise<boolean> {
    this.#open.clear()
    if (upTo.seq === 0) return true
    let last: Frame | null = null
    let damaged = false
    // It has been reported when the drain passed it.
    const onDamage = ({ reason }: Damage) => void (damaged ||= reason !== 'missing')
    const frames = readFrames({ dir: this.#dir, from: { segment: 0, offset: 0 }, to: upTo, onDamage })
    for await (const frame of frames) {
      last = frame
      const decoded = tryDecode(frame)
      if (decoded !== null) this.note(frame, decoded)
    }
    // The frame that ends there may be what is damaged.
    if (damaged) return last === null || last.seq <= upTo.seq
    if (last === null || last.seq !== upTo.seq || last.segment !== upTo.segment) return false
    return last.end === upTo.offset && (upTo.hash === null || last.hash.toString('hex') === upTo.hash)
  }

  note(
    frame: Pick<Frame, 'segment' | 'start'>,
    decoded: { readonly kind: GatewayFrame['kind']; readonly id: string },
  ): void {
    const { id } = decoded
    if (decoded.kind === 'start') this.#open.set(id, { startSegment: frame.segment, chunks: [] })
    else if (decoded.kind === 'end') this.#open.delete(id)
    else if (decoded.kind === 'chunk') this.#open.get(id)?.chunks.push({ segment: frame.segment, offset: frame.start })
  }

  /** The answer so far, read again. `pending` are chunks of the batch at hand, which are not noted yet. */
  async *chunksOf(id: string, pending: readonly Buffer[]): AsyncGenerator<Buffer> {
    for (const { segment, offset } of this.#open.get(id)?.chunks ?? []) {
      const { kind, payload } = await readFrameAt({ dir: this.#dir, segment, offset }).catch(
        async (thrown: unknown) => {
          if (isDamage(thrown)) await this.#onDamaged(segment)
          throw thrown
        },
      )
      const decoded = decodeFrame(kind, payload)
      if (decoded.kind === 'chunk' && decoded.id === id) yield decoded.bytes
    }
    yield* pending
  }

  /** The first segment that is still needed, when everything before `drained` is in the database. */
  oldestSegment(drained: number): number {
    let oldest = drained
    for (const { startSegment } of this.#open.values()) oldest = Math.min(oldest, startSegment)
    return oldest
  }
}

/** As opposed to a disk that does not answer at the moment. */
const isDamage = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === 'internal'

function tryDecode(frame: Frame): { kind: GatewayFrame['kind']; id: string } | null {
  try {
    const decoded = decodeFrame(frame.kind, frame.payload)
    return { kind: decoded.kind, id: interceptionOf(decoded) }
  } catch {
    // The drain has put it among the rejects.
    return null
  }
}
