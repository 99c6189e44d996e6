import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { Fault, type Log, toError } from '@reeve/base'
import { answerJson, answerProblem } from './answers.ts'
import { readMessage, storeUpload } from './bodies.ts'
import type { AgentTerminal } from './agent-terminal.ts'
import { changeText, eventStreams, eventText } from './events.ts'
import { openApi } from './openapi.ts'
import type { TaskDriver } from './task-driver.ts'
import { admit, type Visitors } from './visitors.ts'

/** Each upload stays until the workspace ends: a form in a loop must not fill its disk. */
const uploadsMax = 200
/** Each is in memory while it arrives. */
const receivingMax = 4

export interface ServeOptions extends Visitors {
  readonly host: string
  readonly port: number
  readonly log: Log
  /** Where the agent runs, when it is driven through its screen. */
  readonly terminal: AgentTerminal | null
}

/** The interface of AgentAPI over a driver; the screen, and the keys that go with it, only where there is a terminal. */
export async function serveDriver(
  driver: TaskDriver,
  options: ServeOptions,
): Promise<AsyncDisposable & { readonly url: string }> {
  const { terminal } = options
  const events = eventStreams(driver.subscribe, (change) => changeText(change, driver.type))
  const screens = terminal && eventStreams(terminal.watch, (screen) => eventText('screen_update', { screen }))
  let uploads = 0
  let receiving = 0
  const routes: Readonly<Record<string, Route>> = {
    'GET /status': (_, response) => {
      // AgentAPI has two names: `acp` is the one without a screen.
      const transport = terminal === null ? 'acp' : 'pty'
      answerJson(response, { status: driver.status(), agent_type: driver.type, transport })
    },
    'GET /messages': (_, response) => answerJson(response, { messages: driver.messages() }),
    'GET /events': (_, response) => events(response),
    ...(screens === null ? {} : { 'GET /internal/screen': (_, response) => screens(response) }),
    'GET /openapi.json': (_, response) => answerJson(response, openApi),
    async 'POST /message'(request, response) {
      const { content, type } = await readMessage(request)
      if (type === 'raw' && terminal === null) {
        throw new Fault('invalid', 'Raw keys need a terminal, and this agent runs without one.', {
          fix: 'Send a message of type user.',
        })
      }
      if (type === 'raw') terminal?.type(content)
      else await driver.send(content)
      answerJson(response, { ok: true })
    },
    async 'POST /upload'(request, response) {
      if (uploads >= uploadsMax) throw new Fault('limited', `No more than ${uploadsMax} files are taken.`)
      if (receiving >= receivingMax) throw new Fault('limited', 'Too many files at once.')
      receiving++
      try {
        const filePath = await storeUpload(request)
        uploads++
        answerJson(response, { ok: true, filePath })
      } finally {
        receiving--
      }
    },
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    admit(request, response, options)
    const path = (request.url ?? '').split('?')[0]!
    const method = request.method ?? ''
    if (method === 'OPTIONS') return void response.writeHead(204).end()
    const known = `${method} ${path}`
    if (Object.hasOwn(routes, known)) return await routes[known]!(request, response)
    throw new Fault('not_found', `There is no ${method} ${path.slice(0, 100)}.`)
  }
  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 60_000 }, (request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      const fault = thrown instanceof Fault ? thrown : new Fault('internal', 'The request failed.', { cause: thrown })
      if (fault.code === 'internal') options.log.error({ error: toError(thrown).message }, 'request failed')
      answerProblem(response, fault)
    })
  })
  server.maxConnections = 256
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
