import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { readMessage } from './testing-protobuf.ts'

/** A span as a receiver has read it. */
export interface SeenSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly startMs: number
  readonly endMs: number
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  readonly service: unknown
}

export interface TestReceiver extends AsyncDisposable {
  readonly url: string
  readonly spans: readonly SeenSpan[]
  readonly requests: readonly { readonly headers: IncomingHttpHeaders; readonly body: Buffer }[]
  /** What it does from now on instead of taking what it is sent. */
  behave(how: ((res: ServerResponse) => void) | null): void
}

/** Somebody who takes traces in OTLP over HTTP, in both of its encodings, as the specification has them. */
export async function testReceiver(): Promise<TestReceiver> {
  const spans: SeenSpan[] = []
  const requests: TestReceiver['requests'][number][] = []
  let behaviour: ((res: ServerResponse) => void) | null = null
  const server = createServer((req, res) => {
    void buffer(req).then((body) => {
      requests.push({ headers: req.headers, body })
      if (behaviour !== null) return behaviour(res)
      const type = req.headers['content-type']
      if (req.url !== '/v1/traces' || req.method !== 'POST') return res.writeHead(404).end()
      spans.push(...(type === 'application/json' ? fromJson(body) : fromProtobuf(body)))
      res.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : '')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    requests,
    behave: (how) => void (behaviour = how),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface JsonValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: number | string
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values: readonly JsonValue[] }
}

interface JsonAttribute {
  readonly key: string
  readonly value: JsonValue
}

interface JsonSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code: number }
  readonly attributes: readonly JsonAttribute[]
}

interface JsonTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly JsonAttribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[]
  }[]
}

function fromJson(body: Buffer): SeenSpan[] {
  const value = (of: JsonValue): unknown =>
    of.arrayValue === undefined
      ? (of.stringValue ?? of.boolValue ?? of.doubleValue ?? Number(of.intValue))
      : of.arrayValue.values.map(value)
  const record = (of: readonly JsonAttribute[]) => Object.fromEntries(of.map((one) => [one.key, value(one.value)]))
  // SAFETY: a receiver believes the specification; where the sender does not keep to it the test fails.
  const { resourceSpans } = JSON.parse(body.toString()) as JsonTraces
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: span.kind,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        traceState: span.traceState ?? '',
        startMs: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
        endMs: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
        failed: span.status.code === 2,
        attributes: record(span.attributes),
        service: record(resource.attributes)['service.name'],
      })),
    ),
  )
}

/** The numbers are those of `opentelemetry/proto/trace/v1/trace.proto`. */
function fromProtobuf(body: Buffer): SeenSpan[] {
  const value = (bytes: Buffer): unknown => {
    const any = readMessage(bytes)
    if (any.has(5)) return readMessage(any.bytes(5)).all(1).map(value)
    if (any.has(4)) return any.double(4)
    if (any.has(3)) return Number(any.int(3))
    return any.has(2) ? any.int(2) === 1n : any.bytes(1).toString()
  }
  const record = (of: readonly Buffer[]): Record<string, unknown> =>
    Object.fromEntries(
      of.map((bytes) => {
        const pair = readMessage(bytes)
        return [pair.bytes(1).toString(), value(pair.bytes(2))]
      }),
    )
  return readMessage(body)
    .all(1)
    .map(readMessage)
    .flatMap((resourceSpans) => {
      const service = record(readMessage(resourceSpans.bytes(1)).all(1))['service.name']
      const spans = resourceSpans.all(2).flatMap((bytes) => readMessage(bytes).all(2))
      return spans.map(readMessage).map((span) => ({
        name: span.bytes(5).toString(),
        kind: Number(span.int(6)),
        traceId: span.bytes(1).toString('hex'),
        spanId: span.bytes(2).toString('hex'),
        parentSpanId: span.bytes(4).toString('hex'),
        traceState: span.bytes(3).toString(),
        startMs: Number(span.int(7) / 1_000_000n),
        endMs: Number(span.int(8) / 1_000_000n),
        failed: readMessage(span.bytes(15)).int(3) === 2n,
        attributes: record(span.all(9)),
        service,
      }))
    })
}
