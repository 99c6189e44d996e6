import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long the rest of a body that nobody wants is read, so that the client can take the answer before the end. */
const lingerMs = 2_000

/**
 * Ends an answer whose head is written and says its length, to a request that may still be coming. The client has all of
 * it at once. To close a connection while the client still writes would make its kernel throw the answer away (RFC 9112,
 * section 9.6), so the rest of the request is read and dropped first, for a moment; then the connection ends, whether the
 * request did or not.
 */
export function endAnswer(req: IncomingMessage, res: ServerResponse, body: Uint8Array | null): void {
  const bytes = req.method === 'HEAD' ? null : body
  if (req.complete) return void res.end(bytes ?? undefined)
  if (bytes === null || bytes.length === 0) res.flushHeaders()
  else res.write(bytes)
  const timer = setTimeout(() => req.socket.destroy(), lingerMs)
  req.once('end', () => res.end())
  req.once('close', () => clearTimeout(timer))
  req.resume()
}
