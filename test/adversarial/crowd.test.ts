import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Rig, startRig, turn } from '../e2e/asking.ts'
import { answerTurn, messageEvents } from '../support/messages.ts'
import { filesMax, residentBytes } from '../support/processes.ts'
import { allInterceptions } from '../support/record.ts'
import { chunk, eventStreamHead } from '../support/replies.ts'
import { whySkipped } from '../support/why-skipped.ts'
import { exchange, open, request, said } from './raw.ts'

const streams = 5_000
/** Each is two connections here and two in the server; and there is more that is open. */
const filesNeeded = 2 * streams + 1_000
const atOnce = 250
/** What one open stream may cost. */
const streamBytesMax = 80 * 1024
const path = '/api/v2/aibridge/anthropic/v1/messages'

const reason = whySkipped(
  'a crowd of streams',
  filesMax() < filesNeeded ? `${filesNeeded} files have to be open, and ${filesMax()} may be: raise ulimit -Hn` : null,
)

describe.skipIf(reason !== null)('a crowd', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
    rig.next()
  })
  afterAll(() => rig?.[Symbol.asyncDispose]())

  const gateways = async (): Promise<readonly { readonly open_requests: number }[]> =>
    (await rig.server.api('GET', '/api/v2/aibridge/gateways')).json.gateways

  test('S6 five thousand streams at once end whole, are on record, and take little memory each', async () => {
    const asked = request({ path, headers: [['x-api-key', rig.token]], body: rig.question() })
    rig.upstream.answer((seen) => answerTurn(seen, turn))
    for (let i = 0; i < 500; i++) await exchange(rig.server.port, asked)
    await rig.settled()
    const ordinary = (await allInterceptions(rig.server)).length
    const before = residentBytes(rig.server.pid())

    const events = messageEvents(turn)
    const gate = Promise.withResolvers<void>()
    rig.upstream.answer(() => [
      eventStreamHead(),
      chunk(events[0]!),
      { do: 'until', settled: gate.promise },
      chunk(events.slice(1).join('')),
      chunk(''),
    ])
    const answers: Promise<string>[] = []
    while (answers.length < streams) {
      const crowd = Array.from({ length: atOnce }, () => open(rig.server.port, asked))
      answers.push(...crowd.map((socket) => said(socket)))
      await Promise.all(crowd.map((socket) => firstEvent(socket)))
    }
    const most = residentBytes(rig.server.pid())
    await expect.poll(async () => (await gateways()).map((each) => each.open_requests)).toEqual([streams])
    gate.resolve()

    const whole = events.join('')
    for (const answer of await Promise.all(answers)) expect(bodyOf(answer)).toBe(whole)
    expect((most - before) / streams).toBeLessThan(streamBytesMax)
    await rig.settled()
    const rows = (await allInterceptions(rig.server)).slice(0, -ordinary)
    expect(rows).toHaveLength(streams)
    expect(rows.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    expect(new Set(rows.map(({ id }) => id)).size).toBe(streams)
  })
})

/** A connection that closes before has said why not: its answer is looked at later. */
function firstEvent(socket: ReturnType<typeof open>): Promise<void> {
  let seen = ''
  return new Promise((resolve) => {
    const look = (piece: Buffer): void => {
      seen += piece.toString('latin1')
      if (!seen.includes('message_start')) return
      socket.off('data', look)
      resolve()
    }
    socket.on('data', look).once('close', () => resolve())
  })
}

/** Of an answer in chunks, whose content has no carriage return. */
function bodyOf(answer: string): string {
  const at = answer.indexOf('\r\n\r\n')
  return answer.slice(at + 2).replace(/\r\n(?:[0-9a-f]+\r\n)?/g, '')
}
