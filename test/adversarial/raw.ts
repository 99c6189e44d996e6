import { connect, type Socket } from 'node:net'

/** Bytes as they are, to a port of this machine: what no HTTP client would send. */
export function open(port: number, bytes: string | Uint8Array = ''): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  if (bytes.length > 0) socket.write(bytes)
  return socket
}

/** Everything that is answered until the other side closes. */
export function said(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    socket.on('data', (piece: Buffer) => (answer += piece.toString('latin1')))
    socket.once('close', () => resolve(answer))
  })
}

export const exchange = (port: number, bytes: string | Uint8Array): Promise<string> => said(open(port, bytes))

export const statusesOf = (answer: string): string[] =>
  Array.from(answer.matchAll(/HTTP\/1\.1 (\d{3})/g), (match) => match[1]!)

export interface RawRequest {
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  readonly close?: boolean
}

/** One request with a body of a known length. */
export function request({ path, headers, body = '', close = true }: RawRequest): Buffer {
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(close ? ['Connection: close'] : []),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)])
}
