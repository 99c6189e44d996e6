import { createServer, type Socket } from 'node:net'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { answers, checksumLength, momentLength, momentMicros, type Template } from './answers.ts'
import type { AnswerKind } from './conversation.ts'

/**
 * The scripted provider of the benchmark, a process of its own: as little work as possible for each request, so that
 * what is measured is the gateway. Every event is a packet of its own, which is the worst that a provider can do to a
 * proxy. Started by `rig.ts`; tells its port over IPC.
 */
const withSha256 = process.argv.includes('--sha256')
const clients = new Set<Socket>()

const server = createServer({ noDelay: true }, (socket) => {
  clients.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => clients.delete(socket))
  let head: Buffer | null = null
  let left = 0
  let checksum = startChecksum()
  let kind: AnswerKind = 'json'

  socket.on('data', (data: Buffer) => {
    let bytes = data
    while (bytes.length > 0) {
      if (left === 0) {
        // A head that is cut in two is rare enough to be joined.
        const joined: Buffer = head === null ? bytes : Buffer.concat([head, bytes])
        const headEnd = joined.indexOf('\r\n\r\n')
        // The first bytes of the body name the model; wait for them.
        if (headEnd === -1 || joined.length < headEnd + 4 + 40) {
          head = joined
          return
        }
        head = null
        left = contentLength(joined.toString('latin1', 0, headEnd))
        kind = kindOf(joined.toString('latin1', headEnd + 4, headEnd + 4 + 40))
        checksum = startChecksum()
        bytes = joined.subarray(headEnd + 4)
      }
      const piece = bytes.subarray(0, left)
      checksum.add(piece)
      left -= piece.length
      bytes = bytes.subarray(piece.length)
      if (left === 0) void answer(socket, answers[kind], checksum.hex())
    }
  })
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))

function contentLength(head: string): number {
  const found = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (found === null) throw new Error('the scripted provider reads bodies with a length only')
  return Number(found[1])
}

function kindOf(bodyStart: string): AnswerKind {
  if (bodyStart.includes('-json"')) return 'json'
  if (bodyStart.includes('-sse"')) return 'sse'
  if (bodyStart.includes('-paced"')) return 'paced'
  return bodyStart.includes('-long"') ? 'long' : 'hold'
}

function startChecksum(): { add(bytes: Buffer): void; hex(): string } {
  if (withSha256) {
    const hash = createHash('sha256')
    return { add: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
  }
  let crc = 0
  return {
    add: (bytes) => {
      crc = crc32(bytes, crc)
    },
    hex: () => crc.toString(16).padStart(checksumLength, '0'),
  }
}

const heads = new Map<Template, Buffer>()

async function answer(socket: Socket, template: Template, checksum: string): Promise<void> {
  const streamed = template.pieces.length > 1
  let head = heads.get(template)
  if (head === undefined) {
    const framing = streamed ? 'transfer-encoding: chunked' : `content-length: ${template.all.length}`
    head = Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-type: ${template.contentType}\r\n${framing}\r\nrequest-id: req_bench\r\n\r\n`,
    )
    heads.set(template, head)
  }
  if (!streamed) {
    const whole = Buffer.concat([head, template.all])
    whole.write(checksum, head.length + template.checksumAt, 'latin1')
    socket.write(whole)
    return
  }
  const first = Buffer.from(template.pieces[0]!)
  first.write(checksum, template.checksumAt, 'latin1')
  socket.write(Buffer.concat([head, chunk(first)]))
  const next = (index: number): void => {
    if (socket.destroyed) return
    const piece = template.pieces[index]!
    const at = template.momentAt[index]!
    const framed = at === null ? framedOnce(piece) : chunk(piece)
    if (at !== null) {
      const moment = String(momentMicros()).padStart(momentLength, '0')
      framed.write(moment, framed.length - 2 - piece.length + at, 'latin1')
    }
    socket.write(framed)
    if (index === template.pieces.length - 1) socket.write('0\r\n\r\n')
  }
  if (template.everyMs === 0) {
    for (let index = 1; index < template.pieces.length; index++) next(index)
    return
  }
  for (let index = 1; index < template.pieces.length && !socket.destroyed; index++) {
    await new Promise((resolve) => setTimeout(resolve, template.everyMs))
    next(index)
  }
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

const framed = new Map<Buffer, Buffer>()
function framedOnce(piece: Buffer): Buffer {
  let found = framed.get(piece)
  if (found === undefined) {
    found = chunk(piece)
    framed.set(piece, found)
  }
  return found
}
