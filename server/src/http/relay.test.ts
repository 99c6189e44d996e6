import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from '../../../test/support/client.ts'
import { openInnerListener, openListener } from './listener.ts'
import { peerHeader, relayTo } from './relay.ts'

let folder: string
let undo: AsyncDisposableStack
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-relay-'))
  undo = new AsyncDisposableStack()
})
afterEach(async () => {
  await undo.disposeAsync()
  await rm(folder, { recursive: true })
})

async function relayed(handle: ((req: IncomingMessage, res: ServerResponse) => void) | null): Promise<string> {
  const path = join(folder, 'inner')
  if (handle !== null) {
    const inner = await openInnerListener(path, { handle })
    undo.defer(() => inner.close(0, AbortSignal.abort()))
  }
  const relay = undo.use(relayTo(path, { https: false, clock: systemClock }))
  const outer = await openListener({ address: { host: '127.0.0.1', port: 0 }, tls: null, handle: relay.handle })
  undo.defer(() => outer.close(0, AbortSignal.abort()))
  return `http://127.0.0.1:${outer.port}`
}

test('method, path, headers and body pass as they came, both ways, and nobody says for himself who he is', async () => {
  const seen: { raw: string[]; method?: string | undefined; url?: string | undefined; body: string }[] = []
  const url = await relayed(async (req, res) => {
    let body = ''
    for await (const piece of req) body += String(piece)
    seen.push({ raw: req.rawHeaders, method: req.method, url: req.url, body })
    res.writeHead(207, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Type', 'text/plain']).end('inner')
  })
  const answer = await ask(`${url}/api/v2/x?y=%20z`, {
    method: 'PUT',
    headers: [
      ['X-Twice', 'one'],
      ['X-Twice', 'two'],
      [peerHeader, '10.1.1.1'],
    ],
    body: 'outer',
  })
  expect([answer.status, answer.body.toString()]).toEqual([207, 'inner'])
  expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  const [{ raw, method, url: path, body }] = seen as [(typeof seen)[number]]
  expect([method, path, body]).toEqual(['PUT', '/api/v2/x?y=%20z', 'outer'])
  const valuesOf = (name: string) => raw.filter((_, at) => at % 2 === 1 && raw[at - 1]!.toLowerCase() === name)
  expect(valuesOf('x-twice')).toEqual(['one', 'two'])
  expect(valuesOf(peerHeader)).toEqual(['127.0.0.1'])
  expect(valuesOf('host')).toEqual([new URL(url).host])
})

test('an answer that goes on is passed on piece by piece, and ends when the client goes', async () => {
  const gone = Promise.withResolvers<void>()
  const url = await relayed((_req, res) => {
    res.write('first')
    res.on('close', () => gone.resolve())
  })
  const first = Promise.withResolvers<void>()
  const stop = new AbortController()
  const answer = ask(url, { signal: stop.signal, onBytes: () => first.resolve() })
  await first.promise
  stop.abort()
  expect((await answer).complete).toBe(false)
  await gone.promise
})

test('while nobody is there to pass it on to, the client learns to wait; one that breaks off is cut', async () => {
  const alone = await ask(await relayed(null))
  expect([alone.status, alone.headers['retry-after']]).toEqual([503, '1'])
  await undo.disposeAsync()
  undo = new AsyncDisposableStack()
  const url = await relayed((_req, res) => {
    res.writeHead(200, { 'Content-Length': '10' })
    res.write('half', () => res.destroy())
  })
  expect((await ask(url)).complete).toBe(false)
})
