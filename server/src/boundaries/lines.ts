import { createHash } from 'node:crypto'
import { Fault, type Problem, type Uuid } from '@reeve/base'
import { BoundaryLine } from '@reeve/sdk'
import type { Insertable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'

/** Lines of a boundary's record as they came, and as rows. */
export interface ReadLine {
  readonly line: BoundaryLine
  readonly text: string
  readonly hash: Buffer
}

/** How far a number may lie beyond what came so far: a hole is shown, an absurd one is no hole. */
const seqAheadMax = 1_000_000

/** Throws `invalid` with every line that is none, is of another session, or is out of order. */
export function readLines(
  session: { readonly id: Uuid; readonly acknowledged_seq: number },
  given: readonly Record<string, unknown>[],
): ReadLine[] {
  const problems: Problem[] = []
  const lines: ReadLine[] = []
  let before = -1
  for (const [at, raw] of given.entries()) {
    const bad = (field: string, detail: string) => problems.push({ field: `events.${at}${field}`, detail })
    const read = BoundaryLine.safeParse(raw)
    if (!read.success) {
      for (const issue of read.error.issues) bad(`.${issue.path.join('.')}`, issue.message)
      continue
    }
    const { data: line } = read
    if (line.session !== session.id) bad('.session', 'is of another boundary')
    if (line.seq <= before) bad('.seq', 'does not come after the one before')
    if (line.seq > session.acknowledged_seq + seqAheadMax) bad('.seq', 'is too far ahead')
    before = line.seq
    // Of what came, and not of what was read: the hash is over the keys in the order in which they were written.
    const text = JSON.stringify(raw)
    lines.push({ line, text, hash: createHash('sha256').update(text).digest() })
  }
  if (problems.length > 0) {
    throw new Fault('invalid', 'the lines have problems', { problems: problems.slice(0, 50) })
  }
  return lines
}

/**
 * The instant that a line counts for. A boundary's clock may be wrong and a boundary may lie: nothing is before its
 * session or after it came. The line itself says what it said.
 */
export function instantOf(line: BoundaryLine, startedAt: Date, receivedAt: Date): Date {
  const ms = Date.parse(line.time)
  return new Date(Math.min(Math.max(ms, startedAt.getTime()), receivedAt.getTime()))
}

/** Of the instant and the number, so that lists by id are lists by time, and of one instant by number. */
export function eventId(sessionId: Uuid, seq: number, at: Date): Uuid {
  const time = at.getTime().toString(16).padStart(12, '0')
  const order = (seq & 0xfff).toString(16).padStart(3, '0')
  const rest = createHash('sha256').update(`${sessionId} ${seq}`).digest('hex')
  const variant = ((Number.parseInt(rest.slice(0, 2), 16) & 0x3f) | 0x80).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-${variant}${rest.slice(2, 4)}-${rest.slice(4, 16)}`
}

export type EventRow = Insertable<Schema['boundary_events']>

export function rowOf(
  { line, text, hash }: ReadLine,
  session: { readonly id: Uuid; readonly user_id: Uuid; readonly organization_id: Uuid; readonly started_at: Date },
  receivedAt: Date,
): EventRow {
  const at = instantOf(line, session.started_at, receivedAt)
  const { net, dns, file, exec, process } = line
  return {
    id: eventId(session.id, line.seq, at),
    session_id: session.id,
    seq: line.seq,
    organization_id: session.organization_id,
    user_id: session.user_id,
    at,
    received_at: receivedAt,
    kind: line.kind,
    decision: line.decision,
    would: line.would,
    rule: line.rule,
    reason: line.reason,
    denial: line.denial,
    policy_name: line.policy?.name ?? null,
    policy_version: line.policy?.version ?? null,
    tier: line.tier,
    process: process === null ? null : (process.tree.at(-1) ?? baseName(process.exe)),
    protocol: net?.protocol ?? (dns === null ? null : 'dns'),
    host: (net?.host ?? dns?.name)?.toLowerCase() ?? null,
    port: net?.port ?? null,
    method: net?.method ?? null,
    path: net?.url == null ? null : pathOf(net.url),
    object: cut(exec === null ? (file?.path ?? callOf(line)) : [exec.path, ...exec.argv.slice(1)].join(' ')),
    bytes_up: net?.bytes_up ?? 0,
    bytes_down: net?.bytes_down ?? 0,
    times: timesOf(line),
    line: text,
    hash,
    prev: line.prev === null ? null : Buffer.from(line.prev, 'hex'),
  }
}

/** What is shown and counted as: denied, let pass because the policy only observes, or allowed. */
export const verdictOf = ({ decision, would }: { readonly decision: string; readonly would: string }) =>
  decision === 'deny' ? 'denied' : would === 'allow' ? 'allowed' : 'observed'

export function timesOf({ facts }: BoundaryLine): number {
  const count = facts?.['count']
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 1 ? Math.min(count, 1e9) : 1
}

/** The system call that a line of kind `call` is about. */
export const callOf = ({ kind, facts }: BoundaryLine): string | null =>
  kind === 'call' && typeof facts?.['call'] === 'string' ? facts['call'] : null

/**
 * Kinds in which something was decided; the others tell of the boundary itself, and of system calls that no policy could
 * allow: programs try some of those at every start and do without.
 */
export const decidedKinds: readonly string[] = ['net', 'dns', 'file', 'exec']

const objectCharsMax = 2_000
/** A boundary's own lines are shorter; whoever writes some of his own gets no further. */
export const cut = (text: string | null): string | null => text?.slice(0, objectCharsMax).toWellFormed() ?? null

const baseName = (exe: string | null): string | null => exe?.split('/').at(-1) ?? null

/** Without the query, as written: the boundary has made it canonical. */
const pathOf = (url: string): string => {
  const rest = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  return cut(rest === '' ? '/' : rest) ?? '/'
}
