/**
 * What the signed notes say. A checkpoint has the form of C2SP tlog-checkpoint (origin, size, hash, then lines of our
 * own); its hash is the head of the chain. All hashes are base64.
 */
export interface Checkpoint {
  readonly origin: string
  readonly seq: number
  readonly hash: string
  /** Counts checkpoints. A number that was given twice tells of a database that was set back. */
  readonly number: number
  readonly time: string
  readonly journals: readonly JournalHead[]
}

/** How far the record of one replica's interceptions had got. */
export interface JournalHead {
  readonly replicaId: string
  readonly seq: number
  readonly hash: string
}

export function checkpointText({ origin, seq, hash, number, time, journals }: Checkpoint): string {
  const heads = journals.map((journal) => `journal ${journal.replicaId} ${journal.seq} ${journal.hash}\n`)
  return `${origin}\n${seq}\n${hash}\nnumber ${number}\ntime ${time}\n${heads.join('')}`
}

export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin = '', seq = '', hash = '', ...rest] = text.split('\n')
  const number = /^number (\d+)$/.exec(rest[0] ?? '')?.[1]
  const time = /^time (\S+)$/.exec(rest[1] ?? '')?.[1]
  if (!/^\d{1,15}$/.test(seq) || number === undefined || time === undefined) return null
  const journals = rest.flatMap((line) => {
    const [, replicaId, at, head] = /^journal (\S+) (\d{1,15}) (\S+)$/.exec(line) ?? []
    return replicaId === undefined || head === undefined ? [] : [{ replicaId, seq: Number(at), hash: head }]
  })
  return { origin, seq: Number(seq), hash, number: Number(number), time, journals }
}

/** What retention leaves of the events that it removed: the chain goes on from the last of them. */
export interface Removal {
  readonly origin: string
  readonly lastSeq: number
  readonly lastHash: string
  readonly firstSeq: number
  readonly firstHash: string
  readonly count: number
  readonly time: string
}

export function removalText({ origin, lastSeq, lastHash, firstSeq, firstHash, count, time }: Removal): string {
  return `${origin}/removed\n${lastSeq}\n${lastHash}\nfirst ${firstSeq} ${firstHash}\ncount ${count}\ntime ${time}\n`
}

export function parseRemoval(text: string): Removal | null {
  const found = /^(\S+)\/removed\n(\d{1,15})\n(\S+)\nfirst (\d{1,15}) (\S+)\ncount (\d{1,15})\ntime (\S+)\n$/.exec(text)
  if (found === null) return null
  const [, origin = '', lastSeq, lastHash = '', firstSeq, firstHash = '', count, time = ''] = found
  return {
    origin,
    lastSeq: Number(lastSeq),
    lastHash,
    firstSeq: Number(firstSeq),
    firstHash,
    count: Number(count),
    time,
  }
}

/** What the manifest of an export vouches for: how many lines it had, and what they hashed to. */
export const exportText = (origin: string, lines: number, hash: string, time: string): string =>
  `${origin}/export\n${lines}\n${hash}\ntime ${time}\n`
