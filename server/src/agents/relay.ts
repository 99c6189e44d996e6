import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex, pipeline } from 'node:stream'
import {
  asDuplex,
  Fault,
  isUuid,
  type Multiplex,
  multiplexOver,
  offeredDuplex,
  type OfferedStream,
  type StreamHandlers,
  type Uuid,
  uuidv7,
} from '@reeve/base'
import { WebSocket, WebSocketServer } from 'ws'
import { refusal } from '../http/faults.ts'
import { writeRefusal } from '../http/write-answer.ts'
import { contextOf } from '../keyring/keyring.ts'
import type { AgentRoom } from './agent-room.ts'
import { notConnected } from './sockets.ts'
import type { OpenFar } from './streams.ts'

export const relayPath = '/api/v2/replicas/relay'

/**
 * Streams between the servers of one deployment: the one that is asked opens them at the one that holds the agent, over
 * one WebSocket for each pair. Who comes in proves that it has the keyring, with a pass that is good for a minute and for
 * the server that it was made for.
 */
export interface Relay extends Disposable {
  upgrade(req: IncomingMessage, res: ServerResponse, socket: Socket, head: Buffer): void
  readonly openFar: OpenFar
}

interface RelayOptions {
  readonly room: Pick<AgentRoom, 'keyring' | 'clock' | 'log'>
  readonly streamsTo: (agentId: Uuid) => Multiplex | null
  /** Under which the others reach this one. */
  readonly relayUrl: string
  readonly beatMs?: number
}

const passHeader = 'reeve-relay-pass'
const passMs = 60_000
const beatMs = 15_000
const connectWithinMs = 5_000
const context = contextOf('replicas', 'relay', 'pass')
const messageBytesMax = 256 * 1024

export function openRelay({ room, streamsTo, relayUrl, ...options }: RelayOptions): Relay {
  const { keyring, clock, log } = room
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: messageBytesMax })
  const sockets = new Set<WebSocket>()
  const peers = new Map<string, Promise<Multiplex>>()

  const passFor = (url: string): string =>
    keyring.seal(JSON.stringify({ url, until: clock.now().getTime() + passMs }), context)

  function isPass(given: string | string[] | undefined): boolean {
    if (typeof given !== 'string' || relayUrl === '') return false
    try {
      const { url, until } = JSON.parse(keyring.open(given, context).reveal())
      return url === relayUrl && until > clock.now().getTime()
    } catch {
      return false
    }
  }

  /** As long as the other end is heard of. */
  function hold(socket: WebSocket, streams: Multiplex): void {
    let isHeard = true
    sockets.add(socket)
    const timer = setInterval(() => {
      if (!isHeard) return socket.terminate()
      isHeard = false
      socket.ping()
    }, options.beatMs ?? beatMs)
    socket.on('error', () => {})
    socket.on('pong', () => (isHeard = true))
    socket.on('message', (data) => {
      isHeard = true
      try {
        // SAFETY: with the default `binaryType` a message is one Buffer.
        streams.take(data as Buffer)
      } catch {
        socket.close(1002)
      }
    })
    socket.on('close', () => {
      clearInterval(timer)
      sockets.delete(socket)
      streams.close('the server that the agent is connected to is gone')
    })
  }

  function takeIn(header: Uint8Array, offered: OfferedStream): StreamHandlers | string {
    const [agentId, inner] = readHeader(header)
    const near = agentId === null ? null : streamsTo(agentId)
    return near === null ? notConnected : joined(offered, near, inner)
  }

  function connect(url: string): Promise<Multiplex> {
    const target = new URL(relayPath, url)
    target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(target, {
      headers: { [passHeader]: passFor(url) },
      handshakeTimeout: connectWithinMs,
      maxPayload: messageBytesMax,
      perMessageDeflate: false,
      followRedirects: false,
    })
    const streams = multiplexOver(socket, { accept: null })
    hold(socket, streams)
    socket.once('close', () => peers.delete(url))
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(streams))
      socket.once('error', (error) => {
        log.warn({ err: error, url }, 'another server of this deployment is not reached')
        reject(new Fault('unavailable', 'the server that the agent is connected to is not reached'))
      })
    })
  }

  function peer(url: string): Promise<Multiplex> {
    const known = peers.get(url)
    if (known !== undefined) return known
    const fresh = connect(url)
    peers.set(url, fresh)
    return fresh
  }

  return {
    upgrade(req, res, socket, head) {
      if (!isPass(req.headers[passHeader])) {
        const fault = new Fault('unauthenticated', 'this is for the servers of one deployment among themselves')
        return writeRefusal(res, refusal(401, fault), uuidv7(clock.now()))
      }
      server.handleUpgrade(req, socket, head, (opened) => hold(opened, multiplexOver(opened, { accept: takeIn })))
    },
    async openFar(url, agentId, header, handlers) {
      if (url === '') {
        throw new Fault('unavailable', 'the agent is connected to another server, which the others do not reach', {
          fix: 'set REEVE_RELAY_URL at every server of the deployment, to the address of that server itself',
        })
      }
      const inner = Buffer.concat([Buffer.from(agentId), header])
      return (await peer(url)).open(inner, handlers)
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.terminate()
    },
  }
}

const uuidChars = 36

/** The agent's id, and what it is to be asked for. */
function readHeader(header: Uint8Array): [Uuid | null, Uint8Array] {
  const id = Buffer.from(header.subarray(0, uuidChars)).toString('latin1')
  return [isUuid(id) ? id : null, header.subarray(uuidChars)]
}

/** Whatever passes one of them passes the other; each ends with the other, however that came about. */
function joined(offered: OfferedStream, onward: Multiplex, header: Uint8Array): StreamHandlers | string {
  const [outer, handlers] = offeredDuplex((options) => new Duplex(options), offered)
  try {
    const inner = asDuplex(
      (options) => new Duplex(options),
      (given) =>
        onward.open(header, {
          ...given,
          reset(reason) {
            offered.reset(reason)
            given.reset(reason)
          },
        }),
      () => offered.take(),
    )
    pipeline(outer, inner, outer, () => {})
    return handlers
  } catch (thrown) {
    return thrown instanceof Fault ? thrown.message : 'not opened'
  }
}
