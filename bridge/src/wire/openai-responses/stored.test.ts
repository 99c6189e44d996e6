import { expect, test } from 'vitest'
import { scanBody } from './scan-body.ts'
import { storedResponses } from './stored.ts'

const { named, made } = storedResponses

/** As a response is asked for, after the body was scanned. */
function namedIn(body: string | object, path = '/v1/responses') {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const result = scanBody(bytes)
  if (!result.ok) return { ok: false, problem: result.problem }
  return named(path, bytes, result.scan)
}
const ids = (...found: string[]) => ({ ok: true, ids: found })
const unclear = { ok: false, problem: expect.any(String) }

test('what stands in the path is named', () => {
  const none = Buffer.alloc(0)
  for (const path of ['/v1/responses/resp_1', '/responses/resp_1/cancel', '/v1/responses/resp_1/input_items'])
    expect(named(path, none, null)).toEqual(ids('resp_1'))
  for (const path of ['/conversations/conv_1', '/v1/conversations/conv_1/items', '/conversations/conv_1/items/msg_1'])
    expect(named(path, none, null)).toEqual(ids('conv_1'))
  for (const path of ['/v1/responses', '/responses/compact', '/v1/responses/input_tokens', '/v1/conversations'])
    expect(named(path, none, null)).toEqual(ids())
})

test('whatever a provider has in front of its paths, what stands in them is named', () => {
  const none = Buffer.alloc(0)
  expect(named('/openai/v1/responses/resp_1/cancel', none, null)).toEqual(ids('resp_1'))
  expect(named('/openai/conversations/conv_1/items', none, null)).toEqual(ids('conv_1'))
  expect(named('/responses/responses', none, null)).toEqual(ids('responses'))
  expect(named('/conversations/responses/items/msg_1', none, null)).toEqual(ids('responses'))
  expect(made('POST', '/openai/v1/responses', Buffer.from('{}'), null)).not.toBeNull()
  expect(made('POST', '/conversations/responses', none, null)).toBeNull()
})

test('what a body carries on is named, both ways and escaped as it may be', () => {
  expect(namedIn({ input: 'x' })).toEqual(ids())
  expect(namedIn({ previous_response_id: null, conversation: null })).toEqual(ids())
  expect(namedIn({ previous_response_id: 'resp_1', conversation: 'conv_1' })).toEqual(ids('resp_1', 'conv_1'))
  expect(namedIn({ conversation: { id: 'conv_1' } })).toEqual(ids('conv_1'))
  expect(namedIn(`{"previous\\u005fresponse_id": "resp\\u005f1"}`)).toEqual(ids('resp_1'))
  expect(namedIn(`{"conversation": {${' '.repeat(5_000)}"\\u0069d": "conv_1"}}`)).toEqual(ids('conv_1'))
  expect(namedIn(`{"previous_response_id": "${'\\u0072'.repeat(300)}"}`)).toEqual(ids('r'.repeat(300)))
})

test('a body that two parsers could read differently is refused', () => {
  expect(namedIn('{"previous_response_id":"mine","previous_response_id":"yours"}')).toEqual(unclear)
  expect(namedIn('{"previous_response_id":"mine","Previous_Response_ID":"yours"}')).toEqual(unclear)
  expect(namedIn('{"conversation":{"id":"mine","id":"yours"}}')).toEqual(unclear)
  expect(namedIn('{"conversation":{"ID":"yours"}}')).toEqual(unclear)
  expect(namedIn('{"input":[{"type":"item_reference","id":"mine","\\u0069d":"yours"}]}')).toEqual(unclear)
  for (const strange of [['yours'], { id: ['yours'] }, 7, {}])
    expect(namedIn({ conversation: strange })).toEqual(unclear)
  for (const strange of [['yours'], { id: 'yours' }, 7])
    expect(namedIn({ previous_response_id: strange })).toEqual(unclear)
})

test('items that only name what is kept are named; those that bring their own words are not', () => {
  const item = (value: object) => namedIn({ input: [{ role: 'user', content: 'x' }, value] })
  expect(item({ type: 'item_reference', id: 'msg_1' })).toEqual(ids('msg_1'))
  expect(item({ id: 'msg_1' })).toEqual(ids('msg_1'))
  expect(item({ type: 'item_reference', id: 'msg_1', content: 'x' })).toEqual(ids('msg_1'))
  expect(item({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: null, content: [] })).toEqual(
    ids('rs_1'),
  )
  expect(item({ type: 'image_generation_call', id: 'ig_1', more: 1 })).toEqual(ids('ig_1'))
  expect(namedIn('{"input":[{"type":"reasoning","id":"rs_1","content":[  ]}]}')).toEqual(ids('rs_1'))
  expect(namedIn('{"input":[{"\\u0074ype":"item\\u005freference","\\u0069d":"msg_1"}]}')).toEqual(ids('msg_1'))
  expect(item({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' })).toEqual(ids())
  expect(item({ type: 'message', id: 'msg_1', role: 'assistant', content: [{ text: 'x' }] })).toEqual(ids())
  expect(item({ type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' })).toEqual(ids())
  expect(item({ type: 'message', id: null, role: 'user', content: 'x' })).toEqual(ids())
})

test('the body of a passed-on request is looked into, too', () => {
  const body = (value: object) => Buffer.from(JSON.stringify(value))
  expect(named('/v1/responses/input_tokens', body({ previous_response_id: 'resp_1' }), null)).toEqual(ids('resp_1'))
  const reference = { type: 'item_reference', id: 'msg_1' }
  expect(named('/v1/conversations', body({ items: [reference] }), null)).toEqual(ids('msg_1'))
  expect(named('/conversations/conv_1/items', body({ items: [reference] }), null)).toEqual(ids('conv_1', 'msg_1'))
  expect(named('/conversations', Buffer.from('{"items":[],"items":[]}'), null)).toEqual(unclear)
  expect(named('/conversations', Buffer.from('items'), null)).toEqual(unclear)
})

const answer = (reader: ReturnType<typeof made>, bytes: string, size = bytes.length) => {
  const found: string[] = []
  for (let at = 0; at < bytes.length; at += size)
    found.push(...(reader?.push(Buffer.from(bytes.slice(at, at + size))) ?? []))
  return [...found, ...(reader?.finish() ?? [])]
}
const asked = (body: object, path = '/v1/responses') => {
  const bytes = Buffer.from(JSON.stringify(body))
  const result = scanBody(bytes)
  return made('POST', path, bytes, result.ok ? result.scan : null)
}

test('the ids in an answer are found once each, wherever a stream is cut', () => {
  const whole = { id: 'resp_1', output: [{ id: 'rs_1' }, { id: 'msg_1' }, {}, null] }
  expect(answer(asked({}), JSON.stringify(whole))).toEqual(['resp_1', 'rs_1', 'msg_1'])
  const events = [
    { type: 'response.created', response: { id: 'resp_1', output: [] } },
    { type: 'response.output_item.added', item: { id: 'msg_1' } },
    { type: 'response.output_text.delta', item_id: 'msg_1', delta: '{"id":"no"}' },
    { type: 'response.completed', response: whole },
  ]
  const stream = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  for (const size of [1, 7, stream.length]) expect(answer(asked({}), stream, size)).toEqual(['resp_1', 'msg_1', 'rs_1'])
  expect(answer(asked({ store: null }), '{"id":7,"output":{}}')).toEqual([])
  expect(answer(asked({}), '{"id":')).toEqual([])
})

test('what is not kept, or was there before, is no new object', () => {
  const none = Buffer.alloc(0)
  expect(asked({ store: false })).toBeNull()
  expect(made('GET', '/v1/responses/resp_1', none, null)).toBeNull()
  expect(made('POST', '/v1/conversations/conv_1/items', none, null)).toBeNull()
  expect(answer(made('POST', '/v1/conversations', none, null), '{"id":"conv_1","object":"conversation"}')).toEqual([
    'conv_1',
  ])
})
