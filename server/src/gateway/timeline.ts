import { answerSeqFrom } from './drain/rows.ts'
import { endSeq, requestSeq } from './present.ts'

/**
 * The order of what happened in a session. Each interception is two blocks: what it brought, when it began, and what it
 * was answered, when it ended. Blocks are in order of time; but a cause always comes before what it caused, whatever the
 * clocks of two replicas say: a request before its own answer, and a tool call before its result.
 */
export interface Happening {
  readonly id: string
  readonly startedAtMs: number
  /** Null while it is open. */
  readonly endedAtMs: number | null
  /** The request that this one repeats: what both brought is shown once. */
  readonly retryOf: string | null
}

export interface Mark {
  readonly interceptionId: string
  readonly seq: number
  readonly kind: string
  readonly toolCallId: string | null
}

export interface EventRef {
  readonly interceptionId: string
  readonly seq: number
}

interface Block {
  readonly happening: Happening
  readonly atMs: number
  readonly rank: 0 | 1
  readonly events: readonly number[]
}

export function orderEvents(happenings: readonly Happening[], marks: readonly Mark[]): EventRef[] {
  const marksOf = Map.groupBy(marks, (mark) => mark.interceptionId)
  const shown = new Set(happenings.map((happening) => happening.id))
  const begins = new Map<string, Block>()
  const ends = new Map<string, Block>()
  const issuedBy = new Map<string, string>()
  for (const happening of happenings) {
    const own = marksOf.get(happening.id) ?? []
    const isRetry = happening.retryOf !== null && shown.has(happening.retryOf)
    const brought = own.filter((mark) => mark.seq < answerSeqFrom)
    const said = own.filter((mark) => mark.seq >= answerSeqFrom)
    const { startedAtMs, endedAtMs } = happening
    const seqs = [requestSeq, ...(isRetry ? [] : brought.map((mark) => mark.seq))]
    begins.set(happening.id, { happening, atMs: startedAtMs, rank: 0, events: seqs })
    if (endedAtMs !== null) {
      ends.set(happening.id, { happening, atMs: endedAtMs, rank: 1, events: [...said.map((mark) => mark.seq), endSeq] })
    }
    for (const mark of said) {
      if (mark.kind === 'tool_call' && mark.toolCallId !== null) issuedBy.set(mark.toolCallId, happening.id)
    }
  }

  const causesOf = (block: Block): Block[] => {
    const { id } = block.happening
    if (block.rank === 1) return [begins.get(id)!]
    const issuers = (marksOf.get(id) ?? []).flatMap((mark) =>
      mark.kind === 'tool_result' && mark.toolCallId !== null ? (issuedBy.get(mark.toolCallId) ?? []) : [],
    )
    return [...new Set(issuers)].flatMap((issuer) => (issuer === id ? [] : (ends.get(issuer) ?? [])))
  }
  const placed = new Set<Block>()
  const ordered = new Set<Block>()
  /**
   * Causes first. What is being placed counts as placed, so that hostile ids in a circle end it; an answer that such a
   * circle asks for while its own request is being placed waits for its turn.
   */
  const place = (first: Block): void => {
    const stack: { block: Block; causes: Block[] }[] = []
    const enter = (block: Block): void => {
      const begin = begins.get(block.happening.id)!
      const isTooEarly = block !== begin && placed.has(begin) && !ordered.has(begin)
      if (placed.has(block) || isTooEarly) return
      placed.add(block)
      stack.push({ block, causes: causesOf(block) })
    }
    enter(first)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const cause = top.causes.shift()
      if (cause !== undefined) enter(cause)
      else ordered.add(stack.pop()!.block)
    }
  }
  for (const block of [...begins.values(), ...ends.values()].toSorted(byTime)) place(block)
  return [...ordered].flatMap(({ happening, events }) => events.map((seq) => ({ interceptionId: happening.id, seq })))
}

function byTime(a: Block, b: Block): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs
  // In the same millisecond an answer is likelier the cause than the effect; its own request is placed before it anyway.
  if (a.rank !== b.rank) return b.rank - a.rank
  return a.happening.id < b.happening.id ? -1 : 1
}
