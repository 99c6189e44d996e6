import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { eventStream } from '../../../test/support/replies.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'

let db: TestDatabase
let upstream: Upstream
let dana: Person
let open: TestGateway
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  dana = await person(db, 'dana')
  open = await testGateway(db, upstream.url)
})
afterAll(async () => {
  await open[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

/** One turn of an agent in the format of an API: it asks for a tool, and both sides are on record. */
interface Turn {
  readonly path: string
  /** How this API's clients send their key. */
  readonly key: (token: string) => Readonly<Record<string, string>>
  readonly body: unknown
  /** The data of the stream's events. */
  readonly events: readonly unknown[]
  readonly row: object
  readonly items: readonly object[]
}

const turns: Readonly<Record<string, Turn>> = {
  gemini: {
    path: '/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    key: (token) => ({ 'x-goog-api-key': token }),
    body: {
      systemInstruction: { parts: [{ text: 'be brief' }] },
      contents: [{ role: 'user', parts: [{ text: 'list the files' }] }],
      tools: [{ functionDeclarations: [{ name: 'run_shell_command' }] }],
    },
    events: [
      { candidates: [{ content: { parts: [{ text: 'A listing.', thought: true }] } }], responseId: 'g-1' },
      {
        candidates: [
          {
            content: { parts: [{ functionCall: { name: 'run_shell_command', args: { command: 'ls' } } }] },
            finishReason: 'STOP',
          },
        ],
        modelVersion: 'gemini-2.5-pro-002',
        usageMetadata: {
          promptTokenCount: 100,
          cachedContentTokenCount: 60,
          candidatesTokenCount: 8,
          thoughtsTokenCount: 12,
        },
      },
    ],
    row: {
      route: 'generate_content',
      provider: 'google',
      provider_name: 'gemini',
      model: 'gemini-2.5-pro',
      model_served: 'gemini-2.5-pro-002',
      provider_response_id: 'g-1',
      streaming: true,
      outcome: 'ok',
      stop_reason: 'STOP',
      prompt: 'list the files',
      input_tokens: 40,
      cache_read_tokens: 60,
      output_tokens: 20,
      reasoning_tokens: 12,
      usage_source: 'provider',
      tool_calls: 1,
    },
    items: [
      { kind: 'prompt', origin: 'human', text: 'list the files' },
      { kind: 'thinking', origin: 'model', text: 'A listing.' },
      { kind: 'tool_call', origin: 'model', tool_name: 'run_shell_command', text: '{"command":"ls"}' },
    ],
  },
}

/** The interception with this id and its items, when the drain has ended it. */
async function ended(id: string) {
  for (;;) {
    const row = await db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirst()
    if (row !== undefined && row.outcome !== 'live') {
      const items = db.sql.selectFrom('interception_items').selectAll().where('interception_id', '=', id)
      return { row, items: await items.orderBy('seq').execute() }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const eventsOf = (turn: Turn): string[] => turn.events.map((event) => `data: ${JSON.stringify(event)}\n\n`)

for (const [name, turn] of Object.entries(turns)) {
  const ask = (body: unknown) =>
    fetch(`${open.url}${turn.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...turn.key(dana.token) },
      body: JSON.stringify(body),
    })

  test(`${name}: a turn comes through byte for byte and is recorded with prompt, thought, call and tokens`, async () => {
    const stream = Buffer.from(eventsOf(turn).join(''))
    upstream.answer(() => eventStream([stream.toString()]))
    const response = await ask(turn.body)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(stream)
    const seen = upstream.seen.at(-1)
    expect(seen?.body.toString()).toBe(JSON.stringify(turn.body))
    expect(JSON.stringify(seen)).not.toContain(dana.token)
    const { row, items } = await ended(response.headers.get('x-reeve-interception-id') ?? '')
    expect(row).toMatchObject(turn.row)
    expect(items).toMatchObject(turn.items)
  })

  test(`${name}: a stream that breaks off is told as an error in the format, and recorded as broken off`, async () => {
    const half = Buffer.from(`data: ${JSON.stringify(turn.events[0])}\n\n`)
    upstream.answer(() => eventStream([half.toString()]))
    const response = await ask(turn.body)
    expect(await response.text()).toMatch(/error/)
    const { row } = await ended(response.headers.get('x-reeve-interception-id') ?? '')
    expect(row).toMatchObject({ outcome: 'upstream_aborted', usage_source: 'none' })
  })

  test(`${name}: ten equal requests are ten equal requests to the provider`, async () => {
    upstream.answer(() => eventStream(eventsOf(turn)))
    const before = upstream.seen.length
    for (let i = 0; i < 10; i++) await (await ask(turn.body)).arrayBuffer()
    const asked = upstream.seen.slice(before).map(({ head, body }) => `${head.toString()}\n${body.toString()}`)
    expect(new Set(asked).size).toBe(1)
    expect(asked).toHaveLength(10)
  })

  test(`${name}: a refusal has the shape of the provider’s own errors`, async () => {
    const response = await fetch(`${open.url}${turn.path}`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(/token/) } })
  })
}
