import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { childrenOf } from './processes.ts'
import type { Row } from './record.ts'

const launcher = resolve(import.meta.dirname, '../../bin/reeve.mjs')

/** A running `reeve agent serve`. */
export interface Served extends AsyncDisposable {
  readonly child: ChildProcess
  readonly agentPid: () => number
  get(path: string): Promise<Row>
  send(content: string): Promise<Response>
  /** What is on the screen now, of an agent that has one. */
  screen(): Promise<string>
  /** Resolves with the first server-sent event that is the one; those of the present count. */
  event(isIt: (event: string) => boolean): Promise<string>
  /** Resolves when the agent waits, with all that was said. */
  settled(): Promise<string[]>
}

export interface ServeAgent {
  /** What is said to `reeve agent serve`, with the agent's command behind `--`. */
  readonly words: readonly string[]
  readonly home: string
  readonly env: NodeJS.ProcessEnv
}

/** Its state file is `state.json` in the home, where it also runs. */
export async function serveAgent({ words, home, env }: ServeAgent): Promise<Served> {
  const args = [launcher, 'agent', 'serve', '--state-file', join(home, 'state.json'), '--port', '0', ...words]
  const child = spawn(process.execPath, args, { cwd: home, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  const url = await new Promise<string>((found, failed) => {
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      said += piece
      const place = / at (http:\S+)/.exec(said)?.[1]
      if (place !== undefined) found(place)
    })
    child.once('exit', () => failed(new Error(said)))
  })
  const get = async (path: string): Promise<Row> => (await fetch(url + path)).json()
  return {
    child,
    agentPid: () => childrenOf(child.pid!)[0]!.pid,
    get,
    send: (content) =>
      fetch(`${url}/message`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ content, type: 'user' }),
      }),
    async screen() {
      const stop = new AbortController()
      const { body } = await fetch(`${url}/internal/screen`, { signal: stop.signal })
      const { value } = await body!.getReader().read()
      stop.abort()
      return new TextDecoder().decode(value)
    },
    async event(isIt) {
      const stop = new AbortController()
      const { body } = await fetch(`${url}/events`, { signal: stop.signal })
      let unread = ''
      for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
        const events = (unread + piece).split('\n\n')
        unread = events.pop()!
        const found = events.find(isIt)
        if (found === undefined) continue
        stop.abort()
        return found
      }
      throw new Error('the events ended')
    },
    async settled() {
      await expect.poll(async () => (await get('/status')).status).toBe('stable')
      return (await get('/messages')).messages.map((one: Row) => `${one.role}: ${one.content}`)
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
