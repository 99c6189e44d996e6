import { createHash, type Hash } from 'node:crypto'
import { type Clock, type Log, toError } from '@reeve/base'
import type { Journal } from '../../journal/journal.ts'
import { readFrames } from '../../journal/read.ts'
import {
  decodeFrame,
  encodeEnd,
  frameKind,
  type GatewayFrame,
  interceptionOf,
  type StartHead,
  type Traced,
} from './frames.ts'

interface Open {
  readonly start: StartHead
  bytes: number
  readonly hash: Hash | null
}

/**
 * Ends what a crash left open. Runs before anything is served: whatever has a start and no end in the journal can then
 * only be from a process that is gone. Says of the answer what the chunks say. Resolves with how many there were.
 */
export async function endInterrupted(journal: Journal, { clock, log }: { clock: Clock; log: Log }): Promise<number> {
  const open = new Map<string, Open>()
  const frames = readFrames({
    dir: journal.dir,
    from: { segment: 0, offset: 0 },
    to: journal.durable(),
    onDamage: (damage) => log.error({ damage }, 'the journal is damaged'),
  })
  for await (const { kind, payload, segment, start } of frames) {
    try {
      note(open, decodeFrame(kind, payload))
    } catch (thrown) {
      // The drain meets the same frame and keeps it among the rejects; the others must still be ended.
      log.error({ err: toError(thrown), segment, offset: start }, 'a journal frame cannot be read')
    }
  }
  await Promise.all(
    [...open.values()].map((cut) => journal.append(frameKind.end, interrupted(cut, clock), { closing: true })),
  )
  if (open.size > 0) log.warn({ interceptions: open.size }, 'interceptions that a crash cut off were ended')
  return open.size
}

function note(open: Map<string, Open>, frame: GatewayFrame): void {
  if (frame.kind === 'start') {
    const { id, capture } = frame.head
    open.set(id, { start: frame.head, bytes: 0, hash: capture === 'full' ? createHash('sha256') : null })
  } else if (frame.kind === 'end') open.delete(frame.head.id)
  else if (frame.kind === 'chunk') {
    const seen = open.get(interceptionOf(frame))
    if (seen === undefined) return
    seen.bytes += frame.bytes.length
    seen.hash?.update(frame.bytes)
  }
}

function interrupted({ start, bytes, hash }: Open, clock: Clock): readonly Uint8Array[] {
  const head = {
    id: start.id,
    route: start.route,
    endedAt: clock.now().toISOString(),
    outcome: 'interrupted' as const,
    statusCode: null,
    errorType: 'interrupted',
    errorMessage: 'Reeve stopped before the answer ended; the end is the time at which it noticed.',
    providerRequestId: null,
    attempts: [],
    decisions: [],
    credentialHint: null,
    contentType: null,
    durationMs: null,
    firstByteMs: null,
    gatewayMs: null,
    responseBytes: bytes,
    // Of what was kept: how it came nobody knows any more.
    responseSha256: hash?.digest('hex') ?? null,
    masked: 0,
    fingerprints: [],
    trace: traced(start),
    reading: null,
  }
  return encodeEnd(head, new Uint8Array())
}

/** Whom the process had asked by then nobody knows any more. */
function traced({ trace, startedAt, provider, model, streaming, client }: StartHead): Traced | null {
  return trace?.sampled === true
    ? { context: trace, startedAt, provider, model, streaming, client, attempts: [] }
    : null
}
