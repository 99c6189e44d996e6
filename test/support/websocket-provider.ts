import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { WebSocketServer } from 'ws'

const call = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_marker',
  name: 'exec_command',
  arguments: JSON.stringify({ cmd: 'echo made > marker && cat marker' }),
}
const answer = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'The file is there.', annotations: [] }],
}

/** A provider of the Responses protocol over WebSockets: asks for a command, and has the answer when it is told of it. */
export interface WebSocketProvider extends AsyncDisposable {
  readonly port: number
  /** What each connection began with, and what was asked over any of them. */
  readonly handshakes: readonly IncomingMessage[]
  readonly asked: readonly { readonly text: string; readonly body: Record<string, unknown> }[]
  /** Requests that came without a WebSocket. */
  readonly posted: readonly string[]
}

export async function startWebSocketProvider(): Promise<WebSocketProvider> {
  const handshakes: IncomingMessage[] = []
  const asked: { readonly text: string; readonly body: Record<string, unknown> }[] = []
  const posted: string[] = []

  const sockets = new WebSocketServer({ noServer: true })
  const provider = createServer((req, res) => {
    posted.push(`${req.method} ${req.url}`)
    res.writeHead(500).end()
  })
  provider.on('upgrade', (req, socket, head) => {
    handshakes.push(req)
    sockets.handleUpgrade(req, socket, head, (opened) => {
      opened.on('error', () => {})
      opened.on('message', (data) => {
        const text = Buffer.isBuffer(data) ? data.toString('utf8') : ''
        const body = JSON.parse(text)
        asked.push({ text, body })
        const response = { id: `resp_${asked.length}`, object: 'response', model: 'gpt-5.5', output: [] }
        const tell = (type: string, facts: object): void => opened.send(JSON.stringify({ type, ...facts }))
        tell('response.created', { response: { ...response, status: 'in_progress' } })
        const items = body.generate === false ? [] : text.includes('call_marker') ? [answer] : [call]
        for (const [output_index, item] of items.entries()) {
          tell('response.output_item.added', { output_index, item })
          tell('response.output_item.done', { output_index, item })
        }
        const usage = { input_tokens: 10, output_tokens: 2, total_tokens: 12 }
        tell('response.completed', { response: { ...response, status: 'completed', output: items, usage } })
      })
    })
  })
  provider.listen(0, '127.0.0.1')
  await once(provider, 'listening')
  const address = provider.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    handshakes,
    asked,
    posted,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      provider.closeAllConnections()
      await new Promise((done) => provider.close(done))
    },
  }
}
