import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { connect, type ConnectionOptions } from 'node:tls'

/** What a real client sends first. */
export async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const sent = Promise.withResolvers<Buffer>()
  const wire = new Duplex({
    read() {},
    write(piece: Buffer, _, done) {
      sent.resolve(piece)
      done()
    },
  })
  const client = connect({ socket: wire, ...options })
  client.on('error', () => {})
  const hello = await sent.promise
  client.destroy()
  await once(client, 'close')
  return hello
}

/** The same with an extension that carries an encrypted hello. */
export function withEncryptedHello(hello: Buffer): Buffer {
  const extra = Buffer.from([0xfe, 0x0d, 0, 1, 0])
  const grown = Buffer.concat([hello, extra])
  grown.writeUInt16BE(hello.readUInt16BE(3) + extra.length, 3)
  grown.writeUIntBE(hello.readUIntBE(6, 3) + extra.length, 6, 3)
  const session = 43 + 1 + hello[43]!
  const suites = session + 2 + hello.readUInt16BE(session)
  const extensions = suites + 1 + hello[suites]!
  grown.writeUInt16BE(hello.readUInt16BE(extensions) + extra.length, extensions)
  return grown
}
