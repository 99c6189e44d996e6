import { createServer } from 'node:http'
import { Pool } from 'undici'

/**
 * The yardstick: the least that a Node proxy does when it holds the request body in one buffer and streams the answer.
 * It authenticates nobody, records nothing and is kept for ever, because ratios to it do not depend on the machine.
 */
const upstream = new Pool(process.argv[2] ?? '', {
  connections: null,
  pipelining: 1,
  bodyTimeout: 0,
  headersTimeout: 0,
})

const server = createServer({ noDelay: true, keepAliveTimeout: 60_000, requestTimeout: 0 }, (req, res) => {
  const pieces: Buffer[] = []
  req.on('data', (piece: Buffer) => pieces.push(piece))
  req.on('end', () => {
    const headers: string[] = []
    for (let at = 0; at < req.rawHeaders.length; at += 2) {
      const name = req.rawHeaders[at]!
      if (!/^(host|connection|content-length|transfer-encoding)$/i.test(name))
        headers.push(name, req.rawHeaders[at + 1]!)
    }
    const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    upstream.dispatch(
      { method: 'POST', path: req.url ?? '/', headers, body },
      {
        onRequestStart(controller) {
          res.on('close', () => {
            if (!res.writableFinished) controller.abort(new Error('the client went away'))
          })
          res.on('drain', () => controller.resume())
        },
        onResponseStart(_controller, status, answerHeaders) {
          const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...kept } = answerHeaders
          res.writeHead(status, kept)
        },
        onResponseData(controller, chunk) {
          if (!res.write(chunk)) controller.pause()
        },
        onResponseEnd: () => void res.end(),
        onResponseError: () => void res.destroy(),
      },
    )
  })
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))
