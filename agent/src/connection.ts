import { type Log, type Multiplex, multiplexOver, type MultiplexOptions } from '@reeve/base'
import {
  agentCloseCodes,
  type AgentFrame,
  type AgentManifest,
  AgentOrder,
  agentProtocolVersion,
  agentSocketPath,
} from '@reeve/sdk'
import { WebSocket } from 'ws'

export interface Connection extends Disposable {
  /** False where there is no connection to say it over. */
  say(frame: AgentFrame): boolean
  readonly isOpen: boolean
  /** Resolves with the reason when the agent is to shut down; what it says while it does is still heard, if it can be. */
  readonly ended: Promise<string>
  /** Ends it when what was said has gone out, or after a while. */
  leave(): Promise<void>
}

export interface ConnectionOptions {
  readonly url: string
  readonly token: string
  readonly version: string
  /** With each connection: the facts may be others than with the one before. */
  readonly onManifest: (manifest: AgentManifest) => void
  readonly onKept: (through: number) => void
  /** Takes a stream that the control plane opens, or says why not. */
  readonly onStream: NonNullable<MultiplexOptions['accept']>
  readonly log: Log
  readonly firstDelayMs?: number
}

const leaveWithinMs = 2_000
const longestDelayMs = 30_000
const longestFirstDelayMs = 3_000
const handshakeWithinMs = 15_000
/** Of a manifest; what streams carry comes in small pieces. */
const messageBytesMax = 16 * 1024 * 1024

/** One connection to the control plane, made again, at growing intervals with chance in them, as often as it is lost. */
export function connect(options: ConnectionOptions): Connection {
  const { url, token, version, onManifest, onKept, onStream, log, firstDelayMs = 500 } = options
  const target = new URL(agentSocketPath, url)
  target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:'
  const ended = Promise.withResolvers<string>()
  let socket: WebSocket | null = null
  let isGreeted = false
  let wasGreeted = false
  let delayMs = firstDelayMs
  let timer: NodeJS.Timeout | null = null
  let isClosed = false

  function open(): void {
    const opened = new WebSocket(target, {
      headers: { 'Reeve-Session-Token': token },
      perMessageDeflate: false,
      maxPayload: messageBytesMax,
      handshakeTimeout: handshakeWithinMs,
    })
    const streams = multiplexOver(opened, { accept: onStream })
    socket = opened
    isGreeted = false
    opened.on('open', () => {
      opened.send(JSON.stringify({ kind: 'hello', protocol: agentProtocolVersion, version } satisfies AgentFrame))
    })
    opened.on('message', (data, isBinary) => {
      // SAFETY: with the default `binaryType` a message is one Buffer.
      const message = data as Buffer
      if (isBinary) takeStreams(opened, streams, message)
      else take(opened, message.toString('utf8'))
    })
    opened.on('close', (code, reason) => {
      streams.close('the connection to the control plane is lost')
      left(opened, code, reason.toString('utf8'))
    })
    // What follows is a close.
    opened.on('error', () => {})
  }

  function takeStreams(from: WebSocket, streams: Multiplex, message: Buffer): void {
    try {
      streams.take(message)
    } catch {
      from.close(agentCloseCodes.nonsense)
    }
  }

  function take(from: WebSocket, text: string): void {
    const order = readOrder(text)
    if (order === null || from !== socket) return
    if (order.kind === 'kept') return onKept(order.through)
    if (order.kind === 'stop') return ended.resolve('the workspace is being stopped')
    isGreeted = true
    wasGreeted = true
    delayMs = firstDelayMs
    log.info({ workspace: order.manifest.workspace_name }, 'connected')
    onManifest(order.manifest)
  }

  /** A machine may be up before its build has ended, and only then is its token known: at first one tries for long. */
  function left(from: WebSocket, code: number, reason: string): void {
    if (from !== socket || isClosed) return
    socket = null
    const isUnwanted = code === agentCloseCodes.ended || code === agentCloseCodes.replaced
    if (isUnwanted && wasGreeted) return ended.resolve(reason)
    const waitMs = delayMs * (0.5 + Math.random())
    delayMs = Math.min(delayMs * 2, wasGreeted ? longestDelayMs : longestFirstDelayMs)
    log.warn({ code, reason, againInMs: Math.round(waitMs) }, 'not connected')
    timer = setTimeout(open, waitMs)
  }

  const isOpen = (): boolean => isGreeted && socket?.readyState === WebSocket.OPEN

  open()
  return {
    say(frame) {
      if (!isOpen()) return false
      socket?.send(JSON.stringify(frame))
      return true
    },
    get isOpen() {
      return isOpen()
    },
    ended: ended.promise,
    async leave() {
      isClosed = true
      const leaving = socket
      if (leaving === null || leaving.readyState !== WebSocket.OPEN) return
      const closed = new Promise<void>((resolve) => leaving.addEventListener('close', () => resolve(), { once: true }))
      leaving.close(1000)
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, leaveWithinMs))])
    },
    [Symbol.dispose]() {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      socket?.close()
    },
  }
}

/** Null for what this version does not know: the control plane may be newer. */
function readOrder(text: string): AgentOrder | null {
  try {
    const read = AgentOrder.safeParse(JSON.parse(text))
    return read.success ? read.data : null
  } catch {
    return null
  }
}
