import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { errorOf, type Rig, startRig, turn } from '../e2e/asking.ts'
import { ask } from '../support/client.ts'
import { answerTurn } from '../support/messages.ts'

/** Group J: bodies that say one thing to one parser and another to the next, or too much to any. */
let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig?.[Symbol.asyncDispose]())
beforeEach(() => {
  rig.next()
  rig.upstream.answer((seen) => answerTurn(seen, turn))
})

const refused = async (body: string | Uint8Array): Promise<void> => {
  const before = rig.upstream.seen.length
  const answer = await rig.asking({ body })
  expect(answer.status, Buffer.from(body).toString('latin1', 0, 80)).toBe(400)
  errorOf(answer)
  expect(rig.upstream.seen).toHaveLength(before)
}

test('J1 J2 J10 what is named twice, or in two spellings, is refused wherever it stands', async () => {
  const around = (inner: string): string => `{"model":"m","max_tokens":9,"messages":[${inner}]}`
  for (const body of [
    '{"model":"a","model":"b","messages":[]}',
    '{"model":"a","mod\\u0065l":"b","messages":[]}',
    '{"Model":"a","messages":[]}',
    around('{"role":"user","content":"seen","content":"hidden"}'),
    around('{"role":"user","content":[{"type":"text","text":"seen","t\\u0065xt":"hidden"}]}'),
    '{"model":"m","messages":[],"tools":[{"name":"a","input_schema":{"type":"object","type":"string"}}]}',
  ]) {
    await refused(body)
  }
})

test('J6 what is not UTF-8 is refused', async () => {
  const text = rig.question()
  await refused(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]))
  await refused(Buffer.from(text, 'utf16le'))
  await refused(
    Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d])]),
  )
})

test('J4 megabytes of brackets are refused, and others are served meanwhile', async () => {
  const bombs = ['[],'.repeat(1_000_000), '[[[['.repeat(900_000), '{"a":'.repeat(700_000)].map((filler) =>
    rig.asking({ body: `{"model":"m","messages":[${filler}` }),
  )
  expect((await ask(`${rig.server.url}/healthz`)).status).toBe(200)
  for (const answer of await Promise.all(bombs)) expect([400, 413]).toContain(answer.status)
})

test('J5 J7 J8 odd names, halves of characters and huge numbers go through as they are and harm nothing', async () => {
  const body =
    '{"model":"m","max_tokens":9,"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},' +
    '"metadata":{"n":1e400,"i":9223372036854775809,"__proto__":{"user_id":"mallory"}},' +
    `"messages":[{"role":"user","content":${JSON.stringify(`case of halves \u0000`)}},` +
    '{"role":"user","content":"half \\ud800 and \\udfff, nothing \\u0000, end"}]}'
  const answer = await rig.asking({ body })
  expect(answer.status).toBe(200)
  expect(rig.upstream.seen.at(-1)!.body.toString()).toBe(body)
  const id = String(answer.headers['x-reeve-interception-id'])
  await expect
    .poll(async () => (await rig.server.api('GET', `/api/v2/aibridge/interceptions/${id}`)).json?.interception?.outcome)
    .toBe('ok')
  const { json } = await rig.server.api('GET', `/api/v2/aibridge/interceptions/${id}`)
  expect(json.interception.initiator.username).toBe('dana')
  const kept = await ask(`${rig.server.url}/api/v2/aibridge/interceptions/${id}/body/request`, {
    headers: [['Reeve-Session-Token', rig.server.ownerToken]],
  })
  expect(kept.body.toString()).toBe(body)
})

test('J11 a body that says to be something else than JSON is refused', async () => {
  const before = rig.upstream.seen.length
  for (const type of [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
    'application/xml',
    'json',
  ]) {
    const headers = [
      ['x-api-key', rig.token],
      ['Content-Type', type],
    ] as const
    const answer = await ask(rig.endpoint, { method: 'POST', headers, body: rig.question() })
    expect(answer.status, type).toBe(415)
    errorOf(answer)
  }
  expect(rig.upstream.seen).toHaveLength(before)
  for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json']) {
    const headers = [
      ['x-api-key', rig.token],
      ['Content-Type', type],
    ] as const
    expect((await ask(rig.endpoint, { method: 'POST', headers, body: rig.question() })).status, type).toBe(200)
  }
})

/** Of two members of one name, the first; as some parsers do it. */
function firstWins(text: string): unknown {
  const seen = new Map<string, unknown>()
  for (const [, key, value] of text.matchAll(/"((?:[^"\\]|\\.)*)":("(?:[^"\\]|\\.)*"|true|false|\[\])/g)) {
    const name = String(JSON.parse(`"${key}"`))
    if (!seen.has(name)) seen.set(name, JSON.parse(value!))
  }
  return Object.fromEntries(seen)
}

test('J12 what is relayed says the same to parsers of either kind', async () => {
  const key = fc.constantFrom('"model"', '"mod\\u0065l"', '"Model"', '"stream"', '"messages"', '"x"', '"\\u0078"')
  const value = fc.constantFrom('"a"', '"b"', 'true', 'false', '[]')
  const members = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(members, async (pairs) => {
      const body = `{${pairs.map(([name, given]) => `${name}:${given}`).join()}}`
      const before = rig.upstream.seen.length
      const answer = await rig.asking({ body })
      if (answer.status === 400) {
        expect(rig.upstream.seen).toHaveLength(before)
        return
      }
      const sent = rig.upstream.seen.at(-1)!.body.toString()
      expect(sent).toBe(body)
      expect(firstWins(sent)).toEqual(JSON.parse(sent))
    }),
    { numRuns: 300 },
  )
})

test('after all of this nothing is open and nothing is pending', () => rig.settled())
