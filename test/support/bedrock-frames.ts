import { crc32 } from 'node:zlib'

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** An event of a model in a frame, as Amazon Bedrock sends it, with padding that says nothing. */
export function chunkFrame(event: string): Buffer {
  const named = { ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' }
  const headers = Object.entries(named).map(([name, value]) =>
    Buffer.from(`${String.fromCharCode(name.length)}${name}\u0007\0${String.fromCharCode(value.length)}${value}`),
  )
  const bytes = Buffer.from(event).toString('base64')
  const payload = Buffer.from(JSON.stringify({ bytes, p: 'abcdefgh'.slice(event.length % 8) }))
  const headersLength = Buffer.concat(headers).length
  const prelude = Buffer.concat([number(16 + headersLength + payload.length), number(headersLength)])
  const frame = Buffer.concat([prelude, number(crc32(prelude)), ...headers, payload])
  return Buffer.concat([frame, number(crc32(frame))])
}
