import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import type { Headers } from './headers.ts'
import { authorityOf, type Call, type Outgoing, type UpstreamAnswer } from './outgoing.ts'
import { requestFailure, UpstreamFailure } from './upstream-failure.ts'

/** A request as a stream of a session. */
export function callHttp2(outgoing: Outgoing, session: ClientHttp2Session): Call {
  const stream = session.request(
    {
      ...outgoing.headers,
      ':method': outgoing.method,
      ':scheme': outgoing.scheme,
      ':authority': authorityOf(outgoing),
      ':path': outgoing.target,
    },
    { endStream: !outgoing.hasBody },
  )
  let trailers: Headers = {}
  stream.on('trailers', (fields: IncomingHttpHeaders) => {
    trailers = withoutPseudo(fields)
  })
  const answer = new Promise<UpstreamAnswer>((resolve, reject) => {
    stream.on('response', (fields) => {
      resolve({
        status: Number(fields[':status'] ?? 502),
        headers: fields,
        body: stream,
        trailers: () => trailers,
        address: session.socket.remoteAddress ?? null,
        upgraded: null,
      })
    })
    stream.on('error', (error) => reject(requestFailure(error)))
    stream.on('close', () => reject(new UpstreamFailure('connection-lost')))
  })
  answer.catch(() => {})
  return { body: stream, answer, abort: () => cancel(stream) }
}

function cancel(stream: ClientHttp2Stream): void {
  if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL)
}

function withoutPseudo(fields: IncomingHttpHeaders): Headers {
  const kept: Headers = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !name.startsWith(':')) kept[name] = value
  }
  return kept
}
