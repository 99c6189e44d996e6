import { expect, test } from 'vitest'
import { ask } from './client.ts'
import { answerTurn, messageEvents, type Turn } from './messages.ts'
import { chunk, eventStreamHead, json } from './replies.ts'
import { startUpstream } from './upstream.ts'

const turn: Turn = {
  id: 'msg_1',
  blocks: [{ type: 'text', text: 'Grüße.' }],
  usage: { input_tokens: 1, output_tokens: 2 },
}

test('keeps the exact bytes of what it was asked, and answers as the request wants it', async () => {
  await using upstream = await startUpstream((request) => answerTurn(request, turn))
  const body = Buffer.from('{"stream":true,"x":"\u00fc"}')
  const headers = [
    ['X-Twice', 'a'],
    ['x-twice', 'b'],
  ] as const
  const answer = await ask(`${upstream.url}/v1/messages?beta=true`, { headers, body })
  expect(answer.body.toString()).toBe(messageEvents(turn).join(''))
  expect(upstream.seen[0]).toMatchObject({ method: 'POST', path: '/v1/messages?beta=true' })
  expect(upstream.seen[0]!.header('x-twice')).toEqual(['a', 'b'])
  expect(upstream.seen[0]!.body.equals(body)).toBe(true)
  expect(JSON.parse((await ask(upstream.url, { body: '{}' })).body.toString())).toMatchObject({ type: 'message' })
})

test('breaks off where the script says', async () => {
  await using upstream = await startUpstream(() => [eventStreamHead(), chunk('half'), { do: 'reset' }])
  expect(await ask(upstream.url, { body: 'x' })).toMatchObject({ status: 200, complete: false })
  upstream.answer(() => [...json({}, { claimedLength: 100 }), { do: 'fin' }])
  expect(await ask(upstream.url, { body: 'x' })).toMatchObject({ status: 200, complete: false })
  await upstream.quiet()
})

test('an endless answer waits for its reader', async () => {
  await using upstream = await startUpstream(() => [
    eventStreamHead(),
    { do: 'forever', bytes: Buffer.from(`3e8\r\n${'x'.repeat(1000)}\r\n`) },
  ])
  await ask(upstream.url, { body: 'x', hangUpAfterBytes: 10_000 })
  await upstream.quiet()
  expect(upstream.seen).toHaveLength(1)
})
