import type { ReadChain } from './chain-reader.ts'
import type { Checkpoint, JournalHead } from './checkpoint.ts'
import type { Find } from './finding.ts'

export interface KnownCheckpoint extends Checkpoint {
  /** Or only elsewhere: in checkpoints.log, in a log collector. */
  inDatabase: boolean
}

/**
 * Compares the chain with what was signed about it.
 *
 * A chain that disagrees with a checkpoint of its own database was changed under it: rewritten, or cut off at its end.
 * When only checkpoints from elsewhere disagree, the database does not know that they were ever made: it was set back to
 * an older state. Somebody who rewrites everything and removes the checkpoints too looks different only in that not even
 * the oldest checkpoint agrees.
 */
export function judgeCheckpoints(options: {
  readonly checkpoints: readonly KnownCheckpoint[]
  readonly chain: ReadChain
  readonly head: { readonly seq: number; readonly hash: string }
  readonly origin: string
  readonly journals: readonly JournalHead[]
  readonly find: Find
}): { readonly coveredSeq: number } {
  const { chain, head, find, journals } = options
  const foreign = options.checkpoints.find(({ origin }) => origin !== options.origin)
  if (foreign !== undefined) find('forged', `a checkpoint is of another audit log: ${foreign.origin}`)
  const checkpoints = options.checkpoints
    .filter(({ origin }) => origin === options.origin)
    .toSorted((a, b) => a.seq - b.seq || a.number - b.number)
  const end = chain.lastSeq ?? chain.removedSeq
  const isKnown = ({ seq }: Checkpoint) => seq <= end && (seq === 0 || chain.hashes.has(seq))
  const agrees = ({ seq, hash }: Checkpoint) => seq === 0 || chain.hashes.get(seq) === hash
  const agreeing = checkpoints.filter((one) => isKnown(one) && agrees(one))
  const coveredSeq = agreeing.at(-1)?.seq ?? 0

  if (head.seq > end) find('truncated', `the newest event was ${head.seq}; the chain ends at ${end}`, end + 1, head.seq)
  else if (chain.lastHash !== null && head.hash !== chain.lastHash) {
    find('edited', 'the newest event is not the one that the database remembers', end)
  }

  const beyond = checkpoints.filter(({ seq }) => seq > end)
  const differing = checkpoints.filter((one) => isKnown(one) && !agrees(one))
  const lastBefore = (seq: number) => agreeing.findLast((one) => one.seq < seq)?.seq ?? chain.removedSeq
  const own = [...differing, ...beyond].filter(({ inDatabase }) => inDatabase)
  const elsewhere = [...differing, ...beyond].filter(({ inDatabase }) => !inDatabase)

  const rewritten = own.find(({ seq }) => seq <= end)
  const cut = own.find(({ seq }) => seq > end)
  if (rewritten !== undefined) {
    const from = lastBefore(rewritten.seq) + 1
    find(
      'rewritten',
      `events from ${from} on are not those of the checkpoint of ${rewritten.time}`,
      from,
      rewritten.seq,
    )
  } else if (cut !== undefined && head.seq <= end) {
    find(
      'truncated',
      `the checkpoint of ${cut.time} covers ${cut.seq} events; the chain ends at ${end}`,
      end + 1,
      cut.seq,
    )
  }
  const [lost] = elsewhere
  if (lost !== undefined && own.length === 0) {
    const from = lost.seq > end ? end + 1 : lastBefore(lost.seq) + 1
    const to = elsewhere.reduce((most, { seq }) => Math.max(most, seq), lost.seq)
    if (lost.seq <= end && !agreeing.some(({ seq }) => seq > 0 && seq < lost.seq)) {
      find('rewritten', `nothing of the chain agrees with the checkpoint of ${lost.time}`, from, to)
    } else {
      find(
        'restored',
        `the database is older than the checkpoint of ${lost.time}: an old backup was put back`,
        from,
        to,
      )
    }
  }

  const missing = agreeing.filter(({ inDatabase }) => !inDatabase)
  const numbers = checkpoints
    .filter(({ inDatabase }) => inDatabase)
    .map(({ number }) => number)
    .sort((a, b) => a - b)
  const gap = numbers.find((number, index) => index > 0 && number > numbers[index - 1]! + 1)
  if (missing.length > 0) {
    find(
      'checkpoints_missing',
      `the database has lost ${missing.length} of its checkpoints`,
      missing[0]!.seq,
      missing.at(-1)!.seq,
    )
  } else if (gap !== undefined) find('checkpoints_missing', `the database has no checkpoint before number ${gap}`)

  judgeJournals(checkpoints, journals, find)
  return { coveredSeq }
}

/** A replica's record only grows; what the database knows of it must not be less than what was signed. */
function judgeJournals(checkpoints: readonly Checkpoint[], journals: readonly JournalHead[], find: Find): void {
  const signed = new Map<string, JournalHead>()
  for (const journal of checkpoints.flatMap((one) => one.journals)) {
    if (journal.seq >= (signed.get(journal.replicaId)?.seq ?? 0)) signed.set(journal.replicaId, journal)
  }
  for (const { replicaId, seq, hash } of signed.values()) {
    const now = journals.find((journal) => journal.replicaId === replicaId)
    if (now === undefined || now.seq < seq) {
      find('restored', `the record of interceptions of replica ${replicaId} had ${seq} frames and has ${now?.seq ?? 0}`)
    } else if (now.seq === seq && now.hash !== hash) {
      find('rewritten', `the record of interceptions of replica ${replicaId} is not the one that was signed`)
    }
  }
}
