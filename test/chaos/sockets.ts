import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { asEvent } from '../../bridge/src/wire/as-event.ts'
import { overSockets, responseEvents } from './dialects.ts'
import { type Endpoint, newTruth, pause, sha256, shares, type Truth, type Truths } from './truth.ts'
import type { Tokens, Turn } from './turn.ts'

/** Responses over WebSockets: many requests over one connection, one after the other. */
export interface SocketUpstream extends AsyncDisposable {
  readonly url: string
  /** One client, connecting again and again until the signal. */
  agent(endpoint: (provider: string) => Endpoint, signal: AbortSignal): Promise<void>
}

interface Parts {
  readonly seed: number
  readonly truths: Truths
  readonly random: () => number
  readonly nextTurn: () => Turn
}

interface Plan {
  readonly truth: Truth
  readonly messages: readonly { readonly text: string; readonly states: Tokens | null }[]
  /** Where the provider breaks off; null when it does not. */
  readonly breakAt: number | null
  readonly everyMs: number
}

const requestsPerConnection = 8

export async function startSocketUpstream({ seed, truths, random, nextTurn }: Parts): Promise<SocketUpstream> {
  const plans = new Map<string, Plan>()
  const server = createServer((_req, res) => res.writeHead(500).end())
  const accepting = new WebSocketServer({ server })
  accepting.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const plan = plans.get(sha256(String(data)))
      if (plan === undefined) throw new Error('the provider got a request that no client sent')
      void play(socket, plan)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // SAFETY: a server that listens on host and port has an address of that kind.
  const { port } = server.address() as AddressInfo

  function plan(gateway: number): { readonly request: string; readonly plan: Plan } {
    const turn = nextTurn()
    const prompt = `request ${turn.number} of seed ${seed}`
    const request = JSON.stringify({
      type: 'response.create',
      model: 'gpt-scripted',
      input: [{ role: 'user', content: prompt }],
      store: false,
    })
    const messages = responseEvents(turn).map(({ event, states }) => ({ text: JSON.stringify(event), states }))
    const answerSha256 = sha256(Buffer.concat(messages.map(({ text }) => asEvent(Buffer.from(text)))))
    const truth = newTruth(
      truths,
      { format: overSockets.name, streaming: true, answerSha256, keptSha256: answerSha256, through: gateway },
      request,
    )
    const breakAt = random() < shares.providerBreaks ? 1 + Math.floor(random() * (messages.length - 1)) : null
    const made = { truth, messages, breakAt, everyMs: random() * 80 }
    plans.set(truth.requestSha256, made)
    return { request, plan: made }
  }

  /** Null when no connection came about. */
  async function connect({ url, token }: Endpoint): Promise<WebSocket | null> {
    const headers = { authorization: `Bearer ${token}` }
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/responses`, { headers, handshakeTimeout: 10_000 })
    socket.on('error', () => {})
    return new Promise((resolve) => {
      socket.once('open', () => resolve(socket))
      socket.once('close', () => resolve(null))
    })
  }

  /** Whether the connection is still good for another request. */
  async function converse(socket: WebSocket, gateway: number): Promise<boolean> {
    const { request, plan: planned } = plan(gateway)
    const { truth, messages } = planned
    const hangsUpAt = random() < shares.hangUp ? 1 + Math.floor(random() * messages.length) : null
    const heard = listen(socket)
    socket.send(request)
    for (let count = 0; ; count++) {
      if (count === hangsUpAt && count < messages.length) {
        truth.client = 'hung up'
        socket.terminate()
        return false
      }
      if (count === messages.length) break
      if ((await heard.next()) === messages[count]!.text) continue
      truth.client = 'lost'
      socket.terminate()
      return false
    }
    heard.stop()
    truth.client = 'complete'
    return true
  }

  return {
    url: `http://127.0.0.1:${port}/v1`,
    async agent(endpoint, signal) {
      while (!signal.aborted) {
        const at = endpoint(overSockets.provider)
        const socket = await connect(at)
        if (socket === null) {
          await pause(200 + random() * 300)
          continue
        }
        let asked = 0
        while (asked < requestsPerConnection && !signal.aborted && (await converse(socket, at.gateway))) asked++
        socket.terminate()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of accepting.clients) socket.terminate()
      accepting.close()
      server.close()
      await once(server, 'close')
    },
  }
}

async function play(socket: WebSocket, { truth, messages, breakAt, everyMs }: Plan): Promise<void> {
  truth.providerSaw = true
  truth.providerSent = breakAt === null ? 'part' : 'broke off'
  for (const [index, { text, states }] of messages.entries()) {
    if (socket.readyState !== WebSocket.OPEN) return
    if (index === breakAt) return socket.terminate()
    if (index % 3 === 0) await pause(everyMs)
    if (states !== null) truth.stated.push(states)
    if (index === messages.length - 1) truth.providerSent = 'all'
    socket.send(text)
  }
}

/** The messages of a connection one by one; null when it is closed. */
function listen(socket: WebSocket) {
  const queue: (string | null)[] = []
  let wake = (): void => {}
  const onMessage = (data: unknown): void => {
    queue.push(String(data))
    wake()
  }
  const onClose = (): void => {
    queue.push(null)
    wake()
  }
  if (socket.readyState !== WebSocket.OPEN) onClose()
  socket.on('message', onMessage).on('close', onClose)
  return {
    async next(): Promise<string | null> {
      while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return queue.shift() ?? null
    },
    stop() {
      socket.off('message', onMessage).off('close', onClose)
    },
  }
}
