import type { Fact } from './event.ts'

/**
 * Keeps a program that asks for the same again and again from filling the disk: a thousand look-ups of a tunnel through
 * DNS come to a few lines and one that counts the rest. Nothing that is denied goes uncounted.
 *
 * Facts that are alike (kind, verdict, rule, program, and for a name its last two labels) have lines of their own up to
 * a number in a window of time; what comes beyond is folded into one summary, which is written when the window is over.
 * Who invents a new name each time is met by a second limit, over all facts of a kind, behind which everything folds
 * into the summary of `*`. Requests that were allowed are never folded.
 */
export interface Flood {
  /**
   * Null: it has a line of its own. Else the summary that it went into, which has the id that its denial is told by.
   * `full` leaves nothing that can be folded a line of its own.
   */
  fold(fact: Fact, now: Now, full: boolean): Summary | null
  /** Summaries whose window is over, or all of them. */
  due(nowMs: number, all: boolean): Summary[]
  readonly waiting: boolean
}

export interface Now {
  readonly ms: number
  readonly time: string
}

export interface Summary {
  readonly fact: Fact
  readonly count: number
  /** When the first of them was. */
  readonly since: string
  readonly denial: string | null
}

export const floodWindowMs = 10_000
/** Lines of their own in a window: of alike facts, and of all facts of the kind. */
const limits: Readonly<Record<string, { readonly alike: number; readonly all: number }>> = {
  dns: { alike: 10, all: 100 },
  net: { alike: 100, all: 1_000 },
  file: { alike: 100, all: 1_000 },
  exec: { alike: 100, all: 1_000 },
  call: { alike: 3, all: 100 },
  tamper: { alike: 10, all: 100 },
}

interface Bucket {
  readonly endsMs: number
  own: number
  summary: (Summary & { count: number }) | null
}

export function createFlood(newDenial: () => string): Flood {
  const buckets = new Map<string, Bucket>()
  let waiting = 0

  function bucketOf(key: string, nowMs: number): Bucket {
    const held = buckets.get(key)
    // One whose summary was not taken yet goes on: nothing may be forgotten.
    if (held !== undefined && (nowMs < held.endsMs || held.summary !== null)) return held
    const made: Bucket = { endsMs: nowMs + floodWindowMs, own: 0, summary: null }
    buckets.delete(key)
    buckets.set(key, made)
    return made
  }

  function sweep(nowMs: number): void {
    for (const [key, bucket] of buckets) {
      if (bucket.summary === null && nowMs >= bucket.endsMs) buckets.delete(key)
    }
  }

  return {
    fold(fact, now, full) {
      const limit = limits[fact.kind]
      if (limit === undefined || !foldable(fact)) return null
      const whole = bucketOf(`${fact.kind} ${fact.decision} ${fact.would}`, now.ms)
      const alike = whole.own < limit.all && !full ? bucketOf(keyOf(fact), now.ms) : whole
      if (alike !== whole && alike.own < limit.alike) {
        alike.own++
        if (whole.own++ === 0) sweep(now.ms)
        return null
      }
      if (alike.summary === null) {
        waiting++
        const denial = isDenial(fact) ? newDenial() : null
        alike.summary = { fact: summaryOf(fact, alike === whole), count: 0, since: now.time, denial }
      }
      alike.summary.count += countOf(fact)
      return alike.summary
    },
    due(nowMs, all) {
      const found: Summary[] = []
      for (const bucket of buckets.values()) {
        if (bucket.summary === null || (!all && nowMs < bucket.endsMs)) continue
        found.push(bucket.summary)
        bucket.summary = null
        waiting--
      }
      return found
    },
    get waiting() {
      return waiting > 0
    },
  }
}

export const isDenial = (fact: Fact): boolean => fact.decision === 'deny' || fact.would === 'deny'

function foldable(fact: Fact): boolean {
  return fact.kind === 'dns' || fact.kind === 'tamper' || isDenial(fact)
}

const countOf = (fact: Fact): number => fact.dns?.count ?? fact.file?.count ?? 1

function keyOf(fact: Fact): string {
  const about =
    fact.net !== null
      ? `${fact.net.method} ${fact.net.host} ${fact.net.port}`
      : fact.dns !== null
        ? baseName(fact.dns.name)
        : (fact.file?.op ?? fact.exec?.path ?? fact.facts?.['call'] ?? '')
  return `${fact.kind} ${fact.decision} ${fact.would} ${fact.rule} ${fact.reason} ${fact.process?.exe} ${about}`
}

const baseName = (name: string): string => name.split('.').slice(-2).join('.')

/** What a summary says instead of what differs between the facts in it. */
function summaryOf(fact: Fact, everything: boolean): Fact {
  const { dns, net, file, exec } = fact
  return {
    ...fact,
    rule: everything ? '*' : fact.rule,
    process: everything ? null : fact.process,
    dns: dns === null ? null : { ...dns, name: everything ? '*' : `*.${baseName(dns.name)}` },
    net: net === null ? null : { ...net, url: null, host: everything ? '*' : net.host },
    file: file === null ? null : { ...file, path: '*' },
    exec: exec === null ? null : { ...exec, path: everything ? '*' : exec.path, argv: [] },
  }
}
