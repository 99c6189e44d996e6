import { Duplex } from 'node:stream'
import { asDuplex, Fault, type Multiplex, type MuxStream, type StreamHandlers, type Uuid } from '@reeve/base'
import type { StreamHeader } from '@reeve/sdk'
import type { Dial } from './dial.ts'
import { connectionOf } from './lifecycle.ts'
import { type AgentRow, findAgent } from './queries.ts'
import type { AgentRoom } from './agent-room.ts'
import { notConnected } from './sockets.ts'
import type { StreamMeter } from './stream-meter.ts'

/** Streams to agents, whichever server of this deployment they are connected to. */
export interface AgentStreams {
  /** Rejects with a `Fault`, as `Dial` does. A stream that breaks later fails with one. */
  open(agentId: Uuid, header: StreamHeader, signal?: AbortSignal): Promise<Duplex>
  readonly dial: Dial
}

/** Through the server that holds the connection of the agent. */
export type OpenFar = (url: string, agentId: Uuid, header: Uint8Array, handlers: StreamHandlers) => Promise<MuxStream>

interface StreamsOptions {
  readonly room: Pick<AgentRoom, 'db' | 'clock'>
  readonly streamsTo: (agentId: Uuid) => Multiplex | null
  readonly openFar: OpenFar
  /** Of this server; empty when no other reaches it. */
  readonly relayUrl: string
  readonly meter: StreamMeter
  readonly openWithinMs?: number
}

const openWithinMs = 10_000

export function agentStreams(options: StreamsOptions): AgentStreams {
  const { room, streamsTo, openFar, relayUrl, meter } = options

  /** How a stream to this agent is begun. */
  async function wayTo(agentId: Uuid, header: Uint8Array): Promise<(handlers: StreamHandlers) => Promise<MuxStream>> {
    const near = streamsTo(agentId)
    if (near !== null) return async (handlers) => near.open(header, handlers)
    const url = holderOf(await findAgent(room.db.sql, agentId), room.clock.now())
    if (url === relayUrl) throw new Fault('conflict', notConnected)
    return (handlers) => openFar(url, agentId, header, handlers)
  }

  async function open(agentId: Uuid, header: StreamHeader, signal?: AbortSignal): Promise<Duplex> {
    signal?.throwIfAborted()
    try {
      const begin = await wayTo(agentId, new TextEncoder().encode(JSON.stringify(header)))
      const duplex = await opened(begin, options.openWithinMs ?? openWithinMs, signal)
      meter.begun(header.kind)
      duplex.once('close', () => meter.ended(header.kind))
      return duplex
    } catch (thrown) {
      if (thrown instanceof Fault) meter.refused(header.kind, thrown.code)
      throw thrown
    }
  }

  return { open, dial: (agentId, port, signal) => open(agentId, { kind: 'tcp', port }, signal) }
}

/** Where the agent is connected, as far as the database knows. */
function holderOf(agent: AgentRow | undefined, now: Date): string {
  const isThere = agent !== undefined && agent.token_sha256 !== null && connectionOf(agent, now) === 'connected'
  if (!isThere || agent.connection_id === null) throw new Fault('conflict', notConnected)
  return agent.connection_url
}

async function opened(
  begin: (handlers: StreamHandlers) => Promise<MuxStream>,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const [queue, isNear] = pending()
  const duplex = asDuplex(
    (made) => new Duplex(made),
    (handlers) => {
      const reset = (reason: string): void => {
        reject(faultOf(reason))
        handlers.reset(reason)
      }
      begin({ ...handlers, reset }).then(isNear, (thrown: unknown) => {
        reject(thrown)
        handlers.reset('not opened')
      })
      return queue
    },
    resolve,
  )
  // Whoever holds it may not listen yet, or not any more; an error that nobody hears would end the process.
  duplex.on('error', () => {})
  const giveUp = (): void => {
    reject(signal?.aborted === true ? signal.reason : new Fault('unavailable', 'the agent did not answer in time'))
    duplex.destroy()
  }
  const timer = setTimeout(giveUp, withinMs)
  signal?.addEventListener('abort', giveUp, { once: true })
  duplex.once('close', () => signal?.removeEventListener('abort', giveUp))
  try {
    await promise
    return duplex
  } finally {
    clearTimeout(timer)
  }
}

/** A stream that is there before the one behind it is: nothing but a reset can come before it is opened. */
function pending(): [MuxStream, (stream: MuxStream) => void] {
  let behind: MuxStream | null = null
  let resetWith: string | null = null
  return [
    {
      write: (bytes, done) => behind?.write(bytes, done),
      end: (done) => behind?.end(done),
      reset: (reason) => (behind === null ? void (resetWith = reason) : behind.reset(reason)),
      resume: () => behind?.resume(),
    },
    (stream) => {
      behind = stream
      if (resetWith !== null) stream.reset(resetWith)
    },
  ]
}

const faultOf = (reason: string): Fault => new Fault(reason === notConnected ? 'conflict' : 'unavailable', reason)
