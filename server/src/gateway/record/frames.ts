import { credentialKinds, routeKinds } from '@reeve/bridge'
import { Capture } from '@reeve/sdk'
import { z } from 'zod'
import { RequestReading, ResponseReading } from './reading.ts'

/**
 * What the gateway writes into the journal, as payloads of four kinds of frame. All begin with a version byte.
 *
 *   start    version, u32 length of the head, head (JSON), the request body without what `base` has of it
 *   chunk    version, interception id (16 bytes), answer bytes
 *   end      version, u32 length of the head, head (JSON), the answer bytes that were not in a chunk yet
 *   trailer  version, u32 length of the head, head (JSON), bytes that came after the end
 *
 * An interception is one start, any number of chunks, one end and any number of trailers. A journal outlives the
 * version of the program that wrote it: a change of these shapes is a new version byte, and the old one stays readable.
 */
export const frameKind = { start: 1, chunk: 2, end: 3, trailer: 4 } as const

const version = 2
/** Version 1 knew of no masks. */
const readable = [1, 2]

/** Secrets that were masked, and by what the same ones are found. */
const masks = { masked: z.number().default(0), fingerprints: z.array(z.string()).default([]) }

/** How the provider was asked, where that is not how the client asked. */
export const SentHead = z.object({
  path: z.string(),
  bytes: z.number(),
  /** Of the bytes as they were sent. */
  sha256: z.string(),
  /** Makes them of the request's; null where the capture level keeps no bytes. */
  patch: z
    .object({
      edits: z.array(z.object({ from: z.number(), to: z.number(), text: z.string() })),
      around: z.object({ before: z.string(), after: z.string() }).nullable(),
    })
    .nullable(),
})
export type SentHead = z.infer<typeof SentHead>

const TraceContext = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  state: z.string().nullable(),
  sampled: z.boolean(),
})

export const StartHead = z.object({
  id: z.string(),
  userId: z.string(),
  organizationId: z.string(),
  apiKeyId: z.string(),
  startedAt: z.string(),
  provider: z.string(),
  providerName: z.string(),
  route: z.enum(routeKinds),
  model: z.string(),
  streaming: z.boolean(),
  credentialKind: z.enum(credentialKinds).default('centralized'),
  credentialHint: z.string(),
  sourceIp: z.string().nullable(),
  /** Null where it names no boundary. */
  boundary: z.object({ sessionId: z.string(), seq: z.number(), verified: z.boolean() }).nullable().default(null),
  client: z.string(),
  clientVersion: z.string().nullable(),
  userAgent: z.string().nullable(),
  clientSessionId: z.string().nullable(),
  agentId: z.string().nullable(),
  parentAgentId: z.string().nullable(),
  capture: Capture,
  requestBytes: z.number(),
  /** Of the bytes as they were sent. */
  requestSha256: z.string(),
  /** Of the bytes as they are kept; null where that is the same. */
  keptSha256: z.string().nullable().default(null),
  ...masks,
  /** Null where nothing is traced. */
  trace: TraceContext.nullable().default(null),
  base: z.object({ interceptionId: z.string(), prefixBytes: z.number(), suffixBytes: z.number() }).nullable(),
  /** Null where the provider is asked as the client asked. */
  sent: SentHead.nullable().default(null),
  /** Null when the bytes are journaled: then they are read later. */
  reading: RequestReading.nullable(),
})
export type StartHead = z.infer<typeof StartHead>

export const Attempt = z.object({
  at: z.string(),
  credentialHint: z.string(),
  statusCode: z.number().nullable(),
  errorType: z.string().nullable(),
  waitedMs: z.number(),
})
export type Attempt = z.infer<typeof Attempt>

export const Decision = z.object({
  at: z.string(),
  subject: z.enum(['model', 'tool_call']),
  name: z.string(),
  toolCallId: z.string().nullable(),
  allowed: z.boolean(),
  rule: z.string().nullable(),
  heldMs: z.number(),
})
export type Decision = z.infer<typeof Decision>

/** What a span says of the start of what has ended, which the batch of the end may not hold any more. */
export const Traced = z.object({
  context: TraceContext,
  startedAt: z.string(),
  provider: z.string(),
  model: z.string(),
  streaming: z.boolean(),
  client: z.string(),
  attempts: z.array(Attempt),
})
export type Traced = z.infer<typeof Traced>

export const EndHead = z.object({
  id: z.string(),
  /** As in the start. Journals from before there were several formats do not have it. */
  route: z.enum(routeKinds).default('messages'),
  endedAt: z.string(),
  outcome: z.enum([
    'ok',
    'upstream_error',
    'upstream_aborted',
    'client_disconnected',
    'timeout',
    'refused',
    'denied',
    'interrupted',
  ]),
  statusCode: z.number().nullable(),
  errorType: z.string().nullable(),
  errorMessage: z.string().nullable(),
  providerRequestId: z.string().nullable(),
  /** Every time that the provider was asked, where it was more than once. */
  attempts: z.array(Attempt).default([]),
  /** What a policy was asked. */
  decisions: z.array(Decision).default([]),
  /** Of the key that the answer came with; null where it is the one of the start. */
  credentialHint: z.string().nullable().default(null),
  contentType: z.string().nullable(),
  durationMs: z.number().nullable(),
  firstByteMs: z.number().nullable(),
  gatewayMs: z.number().nullable(),
  responseBytes: z.number(),
  responseSha256: z.string().nullable(),
  ...masks,
  /** Null for what is in no trace that is kept. */
  trace: Traced.nullable().default(null),
  reading: ResponseReading.nullable(),
})
export type EndHead = z.infer<typeof EndHead>

/** The totals of the whole answer, what came after its end included. */
export const TrailerHead = z.object({
  id: z.string(),
  responseBytes: z.number(),
  responseSha256: z.string(),
})
export type TrailerHead = z.infer<typeof TrailerHead>

export type GatewayFrame =
  | { readonly kind: 'start'; readonly head: StartHead; readonly bytes: Buffer }
  | { readonly kind: 'end'; readonly head: EndHead; readonly bytes: Buffer }
  | { readonly kind: 'trailer'; readonly head: TrailerHead; readonly bytes: Buffer }
  | { readonly kind: 'chunk'; readonly id: string; readonly bytes: Buffer }

export function encodeStart(head: StartHead, middle: Uint8Array): readonly Uint8Array[] {
  return [headed(head), middle]
}

export function encodeEnd(head: EndHead, rest: Uint8Array): readonly Uint8Array[] {
  return [headed(head), rest]
}

export function encodeTrailer(head: TrailerHead, bytes: Uint8Array): readonly Uint8Array[] {
  return [headed(head), bytes]
}

export function encodeChunk(id: string, bytes: Uint8Array): readonly Uint8Array[] {
  const prefix = Buffer.allocUnsafe(17)
  prefix[0] = version
  prefix.write(id.replaceAll('-', ''), 1, 'hex')
  return [prefix, bytes]
}

/** Throws RangeError or a zod error when the payload is not one that this program understands. */
export function decodeFrame(kind: number, payload: Buffer): GatewayFrame {
  if (!readable.includes(payload[0] ?? 0))
    throw new RangeError(`frame payload version ${payload[0] ?? 'missing'} is not known`)
  if (kind === frameKind.chunk) {
    if (payload.length < 17) throw new RangeError('frame payload is cut short')
    return { kind: 'chunk', id: uuidAt(payload, 1), bytes: payload.subarray(17) }
  }
  const headEnd = 5 + payload.readUInt32LE(1)
  if (headEnd > payload.length) throw new RangeError('frame payload is cut short')
  const head: unknown = JSON.parse(payload.toString('utf8', 5, headEnd))
  const bytes = payload.subarray(headEnd)
  if (kind === frameKind.start) return { kind: 'start', head: StartHead.parse(head), bytes }
  if (kind === frameKind.end) return { kind: 'end', head: EndHead.parse(head), bytes }
  if (kind === frameKind.trailer) return { kind: 'trailer', head: TrailerHead.parse(head), bytes }
  throw new RangeError(`frame kind ${kind} is not known`)
}

export const interceptionOf = (frame: GatewayFrame): string => (frame.kind === 'chunk' ? frame.id : frame.head.id)

function headed(head: StartHead | EndHead | TrailerHead): Buffer {
  const json = JSON.stringify(head)
  const bytes = Buffer.allocUnsafe(5 + Buffer.byteLength(json))
  bytes[0] = version
  bytes.writeUInt32LE(bytes.length - 5, 1)
  bytes.write(json, 5)
  return bytes
}

function uuidAt(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
