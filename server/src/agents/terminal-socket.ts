import type { Duplex } from 'node:stream'
import { Fault, isUuid } from '@reeve/base'
import { recordOf, recordParser, TerminalSize } from '@reeve/sdk'
import type { WebSocket } from 'ws'
import { z } from 'zod'
import type { AgentStreams } from './streams.ts'
import type { UserSocket } from './user-sockets.ts'

/**
 * A terminal for a browser: what is shown goes out as binary messages, and what comes in is JSON, `{data, height, width}`
 * with any of the three. Closed with 1000 when the shell has ended, and its exit code as the reason.
 */
export async function serveTerminal(streams: AgentStreams, { socket, agent, query, signal, note }: UserSocket) {
  try {
    const size = readSize({ height: number(query, 'height', 24), width: number(query, 'width', 80) })
    const session = query.get('reconnect')
    if (size === null || (session !== null && !isUuid(session))) throw new Fault('invalid', 'reconnect is no UUID')
    const command = (query.get('command') ?? '').slice(0, 4_096)
    const header = { kind: 'process', command, terminal: size, session } as const
    // Typed ahead while the stream is opened; nothing that is typed is lost.
    socket.pause()
    await note('terminal')
    const stream = await streams.open(agent.id, header, signal)
    join(socket, stream)
    socket.resume()
  } catch (thrown) {
    socket.close(1011, thrown instanceof Fault ? thrown.message.slice(0, 120) : 'the terminal was not opened')
  }
}

const number = (query: URLSearchParams, name: string, otherwise: number): number => Number(query.get(name) ?? otherwise)

const Typed = z.object({
  data: z
    .string()
    .max(128 * 1024)
    .optional(),
  height: z.number().optional(),
  width: z.number().optional(),
})

const readSize = ({ height, width }: { height?: unknown; width?: unknown }): TerminalSize | null =>
  TerminalSize.safeParse({ rows: height, columns: width }).data ?? null

/** Of what is shown, on its way to the browser. */
const waitingBytesMax = 512 * 1024

function join(socket: WebSocket, stream: Duplex): void {
  let waiting = 0
  let ending: { readonly code: number } | null = null
  const read = recordParser()

  function send(bytes: Uint8Array): void {
    waiting += bytes.length
    if (waiting > waitingBytesMax) stream.pause()
    socket.send(bytes, { binary: true }, () => {
      waiting -= bytes.length
      if (waiting <= waitingBytesMax) stream.resume()
    })
  }

  stream.on('data', (piece: Buffer) => {
    try {
      for (const { kind, bytes } of read(piece)) {
        if (kind === 'exit') ending = JSON.parse(new TextDecoder().decode(bytes))
        else send(bytes)
      }
    } catch {
      stream.destroy()
    }
  })
  stream.once('end', () => socket.close(1000, `exited with code ${Number(ending?.code ?? 0)}`))
  stream.once('error', (error) => socket.close(1011, error.message.slice(0, 120)))
  socket.on('message', (data, isBinary) => {
    // SAFETY: with the default `binaryType` a message is one Buffer.
    const typed = isBinary ? null : readTyped((data as Buffer).toString('utf8'))
    if (typed === null) return socket.close(1003, 'not of this protocol')
    const size = readSize(typed)
    if (size !== null) stream.write(recordOf('size', JSON.stringify(size)))
    if (typed.data === undefined || typed.data === '' || stream.destroyed) return
    if (stream.write(recordOf('input', typed.data))) return
    socket.pause()
    stream.once('drain', () => socket.resume())
  })
  socket.once('close', () => stream.destroy())
}

function readTyped(text: string): z.infer<typeof Typed> | null {
  try {
    return Typed.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
