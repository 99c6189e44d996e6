import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { SecureContext } from 'node:tls'
import type { World } from './testing.ts'

export type Handler = (req: IncomingMessage, res: ServerResponse) => void

/** What servers outside show for any name. */
export const certificates = (world: World) => ({
  SNICallback: (name: string, done: (error: Error | null, context: SecureContext) => void) =>
    done(null, world.outsideAuthority.contextFor(name)),
})

/** A web server outside that says what it was asked, or does what it is told. */
export async function webServer(world: World, handler?: Handler, port = 443): Promise<IncomingMessage[]> {
  const requests: IncomingMessage[] = []
  const echo: Handler = async (req, res) => {
    let length = 0
    req.on('error', () => {})
    for await (const piece of req) length += piece.length
    res.end(`${req.method} ${req.headers.host}${req.url} ${length}`)
  }
  const server = createHttps(certificates(world), (req, res) => {
    requests.push(req)
    ;(handler ?? echo)(req, res)
  })
  await world.serve(port, server)
  return requests
}
