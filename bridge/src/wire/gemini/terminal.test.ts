import { expect, test } from 'vitest'
import { fixturesOf } from '../../testing/fixtures.ts'
import { watchTerminal } from './terminal.ts'

const event = (value: unknown): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)
const said = (text: string, finishReason?: string): Buffer =>
  event({ candidates: [{ content: { parts: [{ text }] }, ...(finishReason !== undefined && { finishReason }) }] })

test('the event with the reason to stop is held back until another comes or the stream ends', () => {
  const watcher = watchTerminal(1024)
  const [one, two, three] = [said('one'), said('two', 'STOP'), said('three', 'STOP')]
  expect(watcher.push(one)).toMatchObject({ events: one, terminal: null })
  expect(watcher.whole()).toBe(false)
  expect(watcher.push(two).events).toBeNull()
  expect(watcher.whole()).toBe(true)
  expect(watcher.push(three).events).toEqual(two)
  expect(watcher.rest()).toEqual(three)
  expect(watcher.whole()).toBe(true)
  expect(watcher.push(said('four')).events).toEqual(Buffer.concat([three, said('four')]))
  expect(watcher.whole()).toBe(false)
})

test('an error ends the stream, with what was held before it', () => {
  const watcher = watchTerminal(1024)
  const held = said('one', 'STOP')
  watcher.push(held)
  const error = event({ error: { code: 500, status: 'INTERNAL', message: 'broke' } })
  expect(watcher.push(error)).toMatchObject({
    events: held,
    terminal: error,
    error: { type: 'INTERNAL', message: 'broke' },
  })
})

test('cut at every byte, each stream comes out as it went in', () => {
  for (const { name, contentType, bytes } of fixturesOf('gemini')) {
    if (contentType !== 'text/event-stream') continue
    const watcher = watchTerminal(64 * 1024)
    const out: Buffer[] = []
    for (const byte of bytes) {
      const { events, terminal } = watcher.push(Buffer.from([byte]))
      if (events !== null) out.push(events)
      if (terminal !== null) out.push(terminal)
    }
    expect(Buffer.concat([...out, watcher.rest()]), name).toEqual(bytes)
  }
})

test('an event that grows past the bound is given up', () => {
  expect(watchTerminal(100).push(Buffer.alloc(200, 'x')).tooLong).toBe(true)
})
