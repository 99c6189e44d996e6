import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { endAnswer } from './end-answer.ts'

const size = 1024 * 1024
const answer = Buffer.from('no')

const refuse: RequestListener = (req, res) => {
  res.writeHead(413, { 'Content-Length': answer.length })
  endAnswer(req, res, answer)
}

async function startServer(listener: RequestListener): Promise<{ open(): Socket } & AsyncDisposable> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    open: () => connect(port, '127.0.0.1'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const head = (connection: string) =>
  `POST / HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\nContent-Length: ${size}\r\n\r\n`

/** What comes until the server ends the connection. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const piece of socket) text += String(piece)
  return text
}

test.each(['close', 'keep-alive'])('a client has the answer while it still writes (%s)', async (connection) => {
  await using server = await startServer(refuse)
  const socket = server.open()
  socket.write(head(connection) + 'x'.repeat(1000))
  const [first] = await once(socket, 'data')
  expect(String(first)).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\nno$/)
  // The connection takes the rest, and is of use again where the client wants to keep it.
  socket.write('x'.repeat(size - 1000))
  if (connection === 'keep-alive') {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\nno$/)
  } else {
    expect(await readAll(socket)).toBe('')
  }
})

test('a client that never comes to an end is not listened to for ever', async () => {
  await using server = await startServer(refuse)
  const socket = server.open()
  socket.on('error', () => {})
  socket.resume()
  socket.write(head('keep-alive'))
  await once(socket, 'close')
})

test('the answer to a HEAD has no body', async () => {
  await using server = await startServer(refuse)
  const socket = server.open()
  socket.write(`HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\n$/)
})
