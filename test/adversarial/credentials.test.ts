import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { errorOf, providerKey, type Rig, startRig, turn } from '../e2e/asking.ts'
import { answerTurn } from '../support/messages.ts'
import { processTree } from '../support/processes.ts'
import { exchange, request, statusesOf } from './raw.ts'

/** Groups G and L: what is tried with credentials and headers, and where secrets could get out. */
let rig: Rig
const path = '/api/v2/aibridge/anthropic/v1/messages'
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig?.[Symbol.asyncDispose]())
beforeEach(() => {
  rig.next()
  rig.upstream.answer((seen) => answerTurn(seen, turn))
})

test('G2 a token of a megabyte, of other letters or with a zero byte ends at the door', async () => {
  const before = rig.upstream.seen.length
  for (const [token, statuses] of [
    ['rv_'.padEnd(1024 * 1024, 'a'), ['431']],
    ['rv_\u00fc\u00e9\u00df'.padEnd(60, '\u00ff'), ['401']],
    [`rv_\0${'a'.repeat(50)}`, ['400']],
  ] as const) {
    const answer = await exchange(
      rig.server.port,
      request({ path, headers: [['x-api-key', token]], body: rig.question() }),
    )
    expect(statusesOf(answer)).toEqual(statuses)
  }
  expect(rig.upstream.seen).toHaveLength(before)
})

test('G12 nobody is somebody else by a header, and none of those headers travels on', async () => {
  const names = [
    'x-forwarded-user',
    'x-user-id',
    'x-user-email',
    'remote-user',
    'x-remote-user',
    'x-auth-request-user',
    'coder-user',
    'x-coder-owner',
    'x-reeve-actor',
    'x-ai-bridge-actor-id',
  ]
  const headers = [['x-api-key', rig.token] as const, ...names.map((name) => [name, 'mallory'] as const)]
  expect((await rig.asking({ headers })).status).toBe(200)
  const seen = rig.upstream.seen.at(-1)!
  for (const name of names) expect(seen.header(name), name).toEqual([])
  expect((await rig.records())[0].initiator.username).toBe('dana')
})

test('G13 a client’s own upstream key, in any header or in the query, does not reach the provider', async () => {
  const smuggled = 'sk-ant-of-the-client-0000000000'
  for (const name of ['api-key', 'x-goog-api-key', 'x-amz-security-token', 'proxy-authorization', 'cookie']) {
    const answer = await rig.asking({
      headers: [
        ['x-api-key', rig.token],
        [name, smuggled],
      ],
    })
    // A second credential may also be refused; what counts is what the provider gets.
    expect([200, 400, 401]).toContain(answer.status)
  }
  for (const query of ['key', 'api_key', 'access_token']) {
    const answer = await rig.asking({ url: `${rig.endpoint}?${query}=${smuggled}` })
    expect(answer.status).toBe(400)
    errorOf(answer)
  }
  for (const { head } of rig.upstream.seen) expect(head.toString('latin1')).not.toContain(smuggled)
})

test('G14 a client cannot name our credential as a header of the connection', async () => {
  const headers = [
    ['x-api-key', rig.token],
    ['Connection', 'close, x-api-key, authorization, content-type'],
  ] as const
  const answer = await exchange(rig.server.port, request({ path, headers, body: rig.question(), close: false }))
  expect(statusesOf(answer)).toEqual(['200'])
  expect(rig.upstream.seen.at(-1)!.header('x-api-key')).toEqual([providerKey])
})

test('G15 line breaks and zero bytes in names make no header at the provider', async () => {
  const said = (model: string) =>
    JSON.stringify({ model, max_tokens: 9, metadata: { user_id: '\r\nx-evil: 2' }, messages: [] })
  await rig.asking({ body: said('claude-x') })
  const seen = rig.upstream.seen.at(-1)!
  expect(seen.header('x-evil')).toEqual([])
  expect(seen.body.toString()).toBe(said('claude-x'))
  // No model is called so.
  expect((await rig.asking({ body: said('claude\r\nx-evil: 1\r\n\u0000') })).status).toBe(400)
  expect(rig.upstream.seen.at(-1)).toBe(seen)

  const gemini = '/api/v2/aibridge/gemini/v1beta/models/m%0d%0ax-evil%3a1:generateContent'
  const before = rig.upstream.seen.length
  for (const bytes of [
    request({ path: gemini, headers: [['x-goog-api-key', rig.token]], body: '{}' }),
    request({
      path,
      headers: [
        ['x-api-key', rig.token],
        ['x-note', 'a\rx-evil: 1'],
      ],
    }),
    request({
      path,
      headers: [
        ['x-api-key', rig.token],
        ['x-note', 'a\0b'],
      ],
    }),
  ]) {
    const [status] = statusesOf(await exchange(rig.server.port, bytes))
    expect(status).toMatch(/^4/)
  }
  expect(rig.upstream.seen).toHaveLength(before)
})

test('G18 a token is no part of a query', async () => {
  for (const token of [
    "rv_' OR 1=1 --",
    `rv_${'a'.repeat(10)}'; DROP TABLE api_keys; --`,
    'rv_%',
    'rv_$1',
    `${rig.token}' --`,
  ]) {
    const answer = await rig.asking({ headers: [['x-api-key', token]] })
    expect(answer.status).toBe(401)
    expect(errorOf(answer).message).not.toMatch(/syntax|relation|column/i)
  }
  expect((await rig.asking()).status).toBe(200)
})

test('L6 the processes that the server starts know none of its keys', () => {
  const children = processTree(rig.server.pid()).slice(1)
  expect(children.length).toBeGreaterThan(1)
  const own = readFileSync(`/proc/${rig.server.pid()}/environ`, 'latin1')
  expect(own).toContain(providerKey)
  for (const pid of children) {
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toMatch(/sk-ant|REEVE_|HTTP_PROXY/)
  }
})

test('L7 no signal opens a debugger', async () => {
  const nodes = processTree(rig.server.pid()).filter((pid) =>
    /node|reeve/.test(readFileSync(`/proc/${pid}/comm`, 'latin1')),
  )
  for (const pid of [rig.server.pid(), ...nodes]) process.kill(pid, 'SIGUSR1')
  // The answer comes after the signal was handled.
  expect((await rig.asking()).status).toBe(200)
  expect(rig.server.output()).not.toContain('Debugger listening')
  const ports = readFileSync('/proc/net/tcp', 'latin1') + readFileSync('/proc/net/tcp6', 'latin1')
  expect(ports).not.toMatch(/:240D \S+ 0A/)
})

test('after all of this nothing is open and nothing is pending', () => rig.settled())
