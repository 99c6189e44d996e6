import { expect, test } from 'vitest'
import { everythingAllowed, type Policy } from './policy.ts'
import { type FixtureFormat, fixturesOf } from './testing/fixtures.ts'
import { chunkOf, clientToken, rawRequest, startRawUpstream } from './testing/raw-http.ts'
import { startBridge } from './testing/start-bridge.ts'

/** The formats, each with a provider that speaks it and a request for a stream. */
const formats: readonly [FixtureFormat, 'anthropic' | 'openai' | 'gemini', path: string, body: object][] = [
  ['anthropic-messages', 'anthropic', '/v1/messages', { model: 'm', messages: [], stream: true }],
  ['openai-chat', 'openai', '/v1/chat/completions', { model: 'm', messages: [], stream: true }],
  ['openai-responses', 'openai', '/v1/responses', { model: 'm', input: 'hello', stream: true }],
  ['gemini', 'gemini', '/v1beta/models/m:streamGenerateContent?alt=sse', { contents: [] }],
]

const requestOf = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${clientToken}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`

/** Answers that are cut off before their end: the client is told so, by an error of our own behind the bytes. */
const unfinished = (reading: unknown): boolean => JSON.stringify(reading).includes('"complete":false')

const allowing = (tools: Policy['tools']): Policy => ({ ...everythingAllowed, tools })
/** What nobody can look at who has to know what it says: events that are no JSON, and JSON that is cut off. */
const odd = ['unknown-events', 'list-cut-off']
/** Without anybody who looks at tool calls, with somebody who knows at once, and with somebody who has to ask. */
const gates: readonly (readonly [string, Policy])[] = [
  ['relayed', everythingAllowed],
  ['allowed', allowing(() => ({ decide: () => null }))],
  ['allowed later', allowing(() => ({ decide: () => new Promise((allow) => void setImmediate(allow, null)) }))],
]

for (const [format, provider, path, body] of formats) {
  test.each(gates)(
    `${format}, %s: the client gets the bytes that the provider sent, wherever they are cut, and they are on record`,
    async (_how, policy) => {
      let sent = Buffer.alloc(0)
      await using upstream = await startRawUpstream((socket) => socket.end(sent))
      for (const { name, status, contentType, bytes, reading } of fixturesOf(format)) {
        const head = `HTTP/1.1 ${status} X\r\ncontent-type: ${contentType}\r\nconnection: close\r\n`
        const pieces = [...bytes].map((byte) => chunkOf(Buffer.from([byte])))
        for (const answer of [
          [Buffer.from(`${head}content-length: ${bytes.length}\r\n\r\n`), bytes],
          [Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n`), ...pieces, Buffer.from('0\r\n\r\n')],
        ]) {
          sent = Buffer.concat(answer)
          await using reeve = await startBridge(upstream.url, { provider, policy })
          const got = await rawRequest(reeve.port, requestOf(path, JSON.stringify(body)))
          await reeve.recorder.ended(1)
          expect(reeve.recorder.violations).toEqual([])
          const record = reeve.recorder.records[0]!
          const recorded = Buffer.concat([record.answer, record.trailer]).toString('latin1')
          expect(recorded, name).toBe(bytes.toString('latin1'))
          const aborted = record.end?.outcome === 'upstream_aborted'
          if (aborted) expect(unfinished(reading), name).toBe(true)
          if (policy !== everythingAllowed && odd.includes(name)) expect(record.end?.outcome, name).toBe('denied')
          else if (!aborted) expect(got.body, name).toBe(bytes.toString('latin1'))
          // A tool call that broke off was still held.
          else if (policy === everythingAllowed) expect(got.body.startsWith(bytes.toString('latin1')), name).toBe(true)
        }
      }
    },
  )
}
