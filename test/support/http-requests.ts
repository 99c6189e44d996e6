import type { Socket } from 'node:net'

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  /** In order and in the case in which they were sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Every value of a header, by its name in any case. */
  header(name: string): readonly string[]
  readonly body: Buffer
  /** Request line and headers, exactly. */
  readonly head: Buffer
  readonly at: number
}

/**
 * Reads HTTP/1.1 requests from a socket, keeping every byte. Written by hand because a real parser normalises exactly
 * what tests want to see: order, case, duplicates. Understands Content-Length and chunked bodies.
 */
export function readRequests(socket: Socket, onRequest: (request: SeenRequest) => void): void {
  let parts: Buffer[] = []
  let size = 0
  let wanted = 0

  socket.on('data', (piece: Buffer) => {
    parts.push(piece)
    size += piece.length
    // A large body is joined once, when it is complete, and not with every packet.
    if (size < wanted) return
    let bytes = Buffer.concat(parts)
    for (;;) {
      const taken = takeRequest(bytes)
      if (typeof taken === 'number') {
        wanted = taken
        break
      }
      bytes = bytes.subarray(taken.length)
      onRequest(taken.request)
    }
    parts = bytes.length === 0 ? [] : [bytes]
    size = bytes.length
  })
}

/** The first request in the bytes, or how many bytes it takes at least to go on. */
function takeRequest(bytes: Buffer): { request: SeenRequest; length: number } | number {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return bytes.length + 1
  const head = bytes.subarray(0, headEnd + 4)
  const [requestLine = '', ...lines] = head.toString('latin1').trimEnd().split('\r\n')
  const [method = '', path = ''] = requestLine.split(' ')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const header = (name: string): readonly string[] =>
    headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)

  const body = header('transfer-encoding').includes('chunked')
    ? takeChunks(bytes, headEnd + 4)
    : takeLength(bytes, headEnd + 4, Number(header('content-length')[0] ?? 0))
  if (typeof body === 'number') return body
  const request = { method, path, headers, header, body: body.bytes, head: Buffer.from(head), at: performance.now() }
  return { request, length: body.end }
}

function takeLength(bytes: Buffer, from: number, length: number): { bytes: Buffer; end: number } | number {
  const end = from + length
  return bytes.length < end ? end : { bytes: Buffer.from(bytes.subarray(from, end)), end }
}

function takeChunks(bytes: Buffer, from: number): { bytes: Buffer; end: number } | number {
  const found: Buffer[] = []
  let at = from
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return bytes.length + 1
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + length + 2
    if (bytes.length < end) return end
    if (length === 0) return { bytes: Buffer.concat(found), end }
    found.push(bytes.subarray(lineEnd + 2, end - 2))
    at = end
  }
}
