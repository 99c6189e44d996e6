import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { messageEvents } from '../support/messages.ts'
import { residentBytes } from '../support/processes.ts'
import { eventually } from '../support/record.ts'
import { chunk, eventStreamHead, wait } from '../support/replies.ts'
import type { Step } from '../support/upstream.ts'
import { type Rig, startRig, turn } from './asking.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig?.[Symbol.asyncDispose]())
beforeEach(() => rig.next())

const events = messageEvents(turn)

test('a client that hangs up ends the request to the provider, and the record says so', async () => {
  rig.upstream.answer(() => [
    eventStreamHead(),
    chunk(events[0]!),
    ...Array.from({ length: 200 }, () => [wait(50), chunk(': keep-alive\n\n')]).flat(),
  ])
  await rig.asking({ hangUpAfterBytes: 1 })
  const row = (await rig.records())[0]
  expect(row).toMatchObject({ outcome: 'client_disconnected', token_usage: { input_tokens: 9, source: 'partial' } })
})

const megabyte = 1024 * 1024
const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(8_000) } }
const line = `event: content_block_delta\ndata: ${JSON.stringify(delta)}\n\n`
const bytes = Buffer.from(`${Buffer.byteLength(line).toString(16)}\r\n${line}\r\n`)
const opening = [eventStreamHead(), ...events.slice(0, 2).map(chunk)]

/** Megabytes as fast as they are taken. */
const endless = (): readonly Step[] => [...opening, { do: 'forever', bytes }]
/** More than the kernel's buffers of two connections hold; then the provider breaks off. */
const longBytes = 24 * megabyte
const long = (): readonly Step[] => [
  ...opening,
  ...Array.from({ length: Math.ceil(longBytes / bytes.length) }, () => ({ do: 'send', bytes }) as const),
  { do: 'reset' },
]

/** Opens streams that nobody reads, waits until nothing moves any more, and hangs up. Resolves with the most memory meanwhile. */
async function unread(streams: number): Promise<{ sent: number; most: number }> {
  const sentBefore = rig.upstream.sentBytes()
  const text = rig.question()
  const sockets = Array.from({ length: streams }, () => {
    const socket = connect(rig.server.port, '127.0.0.1')
    socket.on('error', () => {})
    const path = new URL(rig.endpoint).pathname
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${rig.token}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    )
    return socket
  })
  let sent = -1
  let most = 0
  const isStill = async (): Promise<boolean> => {
    const was = sent
    await pause(300)
    most = Math.max(most, residentBytes(rig.server.pid()))
    sent = rig.upstream.sentBytes() - sentBefore
    return sent === was && rig.upstream.connections.open >= streams
  }
  await eventually(isStill, (still) => still, 180_000)
  for (const socket of sockets) socket.destroy()
  return { sent, most }
}

/**
 * What one such stream may hold in the server: what the client's connection and the provider's have read and not passed
 * on, and what of it is not in the journal yet.
 */
const unreadBytesMax = megabyte / 2
const roundsMax = 6

test(
  'a client that does not read makes the provider wait, and holds half a megabyte at most',
  { timeout: 900_000 },
  async () => {
    rig.upstream.answer(long)
    const streams = 10
    // What fills the kernel's buffers passes through the server first, and makes its memory as large as so much traffic
    // makes it: that is no price of waiting, and how large that is moves with the moment at which garbage is collected.
    // So it is done again until one round needs no more than those before it; what is never given back needs more each
    // time.
    let before = 0
    const added: number[] = []
    for (let round = 0; round < roundsMax; round++) {
      const { sent, most } = await unread(streams)
      // What is on its way fills the kernel's buffers on both sides, and no more.
      expect(sent).toBeLessThan(streams * 16 * megabyte)
      for (const row of await rig.records(streams)) expect(row.outcome).toBe('client_disconnected')
      if (round > 0) added.push(most - before)
      if (added.some((bytes) => bytes < streams * unreadBytesMax)) break
      before = Math.max(before, most, residentBytes(rig.server.pid()))
      rig.next()
      rig.upstream.answer(long)
    }
    expect(Math.min(...added)).toBeLessThan(streams * unreadBytesMax)
  },
)

test('an answer that never ends costs no memory', { timeout: 300_000 }, async () => {
  rig.upstream.answer(endless)
  const before = residentBytes(rig.server.pid())
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, residentBytes(rig.server.pid()))
  }, 50)
  await rig.asking({ hangUpAfterBytes: 150 * megabyte })
  clearInterval(look)
  expect(most - before).toBeLessThan(160 * megabyte)
  // An answer that comes faster than a disk can keep it is cut by Reeve, who says so; otherwise the client hung up.
  const [row] = await rig.records()
  expect(['client_disconnected', 'interrupted record_incomplete']).toContain(
    row.outcome === 'interrupted' ? `${row.outcome} ${row.error_type}` : row.outcome,
  )
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

test('after all of this nothing is open and nothing is pending', () => rig.settled())
