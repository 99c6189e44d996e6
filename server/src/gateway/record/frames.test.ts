import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeFrame,
  encodeChunk,
  encodeEnd,
  encodeStart,
  encodeTrailer,
  type EndHead,
  frameKind,
  type StartHead,
} from './frames.ts'

const id = '0197c0de-0000-7000-8000-00000000000a'

const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: null, state: 'k=v', sampled: true }

const start: StartHead = {
  id,
  userId: id,
  organizationId: id,
  apiKeyId: 'key',
  startedAt: '2026-11-20T10:00:00.000Z',
  provider: 'anthropic',
  providerName: 'anthropic',
  route: 'messages',
  model: 'm',
  streaming: true,
  credentialKind: 'byok',
  credentialHint: '',
  sourceIp: null,
  boundary: null,
  client: 'Claude Code',
  clientVersion: null,
  userAgent: 'ü\u0000\ud800',
  clientSessionId: null,
  agentId: null,
  parentAgentId: null,
  capture: 'full',
  requestBytes: 3,
  requestSha256: 'ab',
  keptSha256: 'ac',
  masked: 1,
  fingerprints: ['f'],
  trace: context,
  base: { interceptionId: id, prefixBytes: 2, suffixBytes: 1 },
  sent: {
    path: '/x',
    bytes: 4,
    sha256: 'ad',
    patch: { edits: [{ from: 0, to: 1, text: 'ü' }], around: { before: 'a', after: 'b' } },
  },
  reading: null,
}

const end: EndHead = {
  id,
  route: 'messages',
  endedAt: '2026-11-20T10:00:01.000Z',
  outcome: 'ok',
  statusCode: 200,
  errorType: null,
  errorMessage: null,
  attempts: [],
  decisions: [
    {
      at: '2026-11-20T10:00:00.500Z',
      subject: 'tool_call',
      name: 'Bash',
      toolCallId: 'toolu_1',
      allowed: false,
      rule: 'tools of acme',
      heldMs: 1.5,
    },
  ],
  credentialHint: null,
  providerRequestId: 'req_1',
  contentType: 'text/event-stream',
  durationMs: 1000,
  firstByteMs: 5.5,
  gatewayMs: 0.5,
  responseBytes: 3,
  responseSha256: 'cd',
  masked: 0,
  fingerprints: [],
  trace: {
    context,
    startedAt: '2026-11-20T10:00:00.000Z',
    provider: 'anthropic',
    model: 'm',
    streaming: true,
    client: 'Claude Code',
    attempts: [],
  },
  reading: null,
}

test('what is written is what is read back, byte for byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const whole = (parts: readonly Uint8Array[]) => Buffer.concat(parts)
      expect(decodeFrame(frameKind.start, whole(encodeStart(start, bytes)))).toEqual({
        kind: 'start',
        head: { ...start, userAgent: 'ü\u0000\ud800' },
        bytes: Buffer.from(bytes),
      })
      expect(decodeFrame(frameKind.end, whole(encodeEnd(end, bytes)))).toEqual({
        kind: 'end',
        head: end,
        bytes: Buffer.from(bytes),
      })
      expect(decodeFrame(frameKind.chunk, whole(encodeChunk(id, bytes)))).toEqual({
        kind: 'chunk',
        id,
        bytes: Buffer.from(bytes),
      })
      const totals = { id, responseBytes: 9, responseSha256: 'ef' }
      expect(decodeFrame(frameKind.trailer, whole(encodeTrailer(totals, bytes)))).toMatchObject({
        kind: 'trailer',
        head: totals,
      })
    }),
  )
})

test('what was written before there were masks is read as having none', () => {
  const { masked: _, fingerprints: __, keptSha256: ___, ...old } = start
  const json = Buffer.from(JSON.stringify(old))
  const head = Buffer.alloc(5)
  head[0] = 1
  head.writeUInt32LE(json.length, 1)
  const read = decodeFrame(frameKind.start, Buffer.concat([head, json, Buffer.from('abc')]))
  expect(read).toMatchObject({ head: { id, masked: 0, fingerprints: [], keptSha256: null } })
})

test('a payload of an unknown version, kind or shape is refused, never half read', () => {
  const good = Buffer.concat(encodeEnd(end, Buffer.from('abc')))
  expect(() => decodeFrame(frameKind.end, Buffer.concat([Buffer.of(3), good.subarray(1)]))).toThrow('version 3')
  expect(() => decodeFrame(9, good)).toThrow('kind 9')
  expect(() => decodeFrame(frameKind.start, good)).toThrow()
  for (let length = 0; length < good.length - 3; length++) {
    expect(() => decodeFrame(frameKind.end, good.subarray(0, length))).toThrow()
  }
})
