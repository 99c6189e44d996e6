import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { pipeline } from 'node:stream'
import { Fault, toError } from '@reeve/base'
import type { Context } from '../context.ts'
import { type Answer, raw } from '../output/answer.ts'
import { type AgentStreams, connectAgent } from './agent-streams.ts'

interface Input {
  readonly workspace: string
  readonly tcp: readonly string[]
  readonly stdio: number | undefined
}

export async function portForward(context: Context, { workspace, tcp, stdio }: Input): Promise<Answer> {
  if ((stdio === undefined) === (tcp.length === 0)) throw new Fault('invalid', 'give --tcp, or --stdio')
  const pairs = tcp.map(readPair)
  if (stdio !== undefined) readPort(String(stdio))
  const streams = await connectAgent(context, workspace, { agent: true, scripts: 'no' })
  if (stdio !== undefined) return raw(overStdio(context, streams, stdio))
  await forward(context, streams, pairs)
  return raw([])
}

interface Pair {
  readonly local: number
  readonly remote: number
}

function readPair(given: string): Pair {
  const [first = '', second = first, ...more] = given.split(':')
  if (more.length > 0) throw new Fault('invalid', `--tcp: "${given}" is not [local:]port`)
  return { local: first === '0' ? 0 : readPort(first), remote: readPort(second) }
}

function readPort(given: string): number {
  const port = /^\d{1,5}$/.test(given) ? Number(given) : 0
  if (port < 1 || port > 65_535) throw new Fault('invalid', `"${given}" is no port`)
  return port
}

/** Goes on until it is stopped or the connection is lost. */
async function forward(
  { io: { signal }, note }: Context,
  streams: AgentStreams,
  pairs: readonly Pair[],
): Promise<void> {
  using undo = new DisposableStack()
  undo.use(streams)
  for (const { local, remote } of pairs) {
    const server = await listen(streams, local, remote, note)
    undo.defer(() => void server.close())
    // SAFETY: it listens on a host and a port.
    const { port } = server.address() as AddressInfo
    note(`127.0.0.1:${port} is port ${remote} of the workspace`)
  }
  const stopped = once(signal, 'abort').then(() => null)
  const lost = await Promise.race([streams.lost, signal.aborted ? null : stopped])
  if (lost !== null) throw lost
}

async function listen(
  streams: AgentStreams,
  local: number,
  remote: number,
  note: (text: string) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    try {
      const stream = streams.open({ kind: 'tcp', port: remote })
      stream.once('error', (error) => note(`port ${remote}: ${error.message}`))
      pipeline(socket, stream, socket, () => {})
    } catch (thrown) {
      note(toError(thrown).message)
      socket.destroy()
    }
  })
  server.listen({ host: '127.0.0.1', port: local })
  try {
    await once(server, 'listening')
  } catch (thrown) {
    throw new Fault('conflict', `cannot listen on 127.0.0.1:${local}: ${toError(thrown).message}`, {
      fix: `choose another: --tcp 0:${remote} takes a free one`,
    })
  }
  return server
}

async function* overStdio({ io }: Context, streams: AgentStreams, port: number): AsyncGenerator<Uint8Array> {
  using _ = streams
  const stream = streams.open({ kind: 'tcp', port })
  io.signal.addEventListener('abort', () => stream.destroy(), { once: true })
  io.stdin.pipe(stream)
  try {
    yield* stream
  } catch (thrown) {
    if (!io.signal.aborted) throw new Fault('unavailable', toError(thrown).message)
  }
}
