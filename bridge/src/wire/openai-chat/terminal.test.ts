import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixturesOf } from '../../testing/fixtures.ts'
import { everyByte } from '../../testing/read-answer.ts'
import { streamText } from '../../testing/stream-text.ts'
import { errorEvent } from './errors.ts'
import { watchTerminal } from './terminal.ts'

function watch(pieces: readonly Buffer[]) {
  const watcher = watchTerminal(1024 * 1024)
  let passed = ''
  for (const [i, piece] of pieces.entries()) {
    const { events, terminal, error } = watcher.push(piece)
    passed += events?.toString('latin1') ?? ''
    if (terminal === null) continue
    const rest = Buffer.concat(pieces.slice(i + 1)).toString('latin1')
    return { passed, terminal: terminal.toString('latin1'), error, rest, whole: true }
  }
  return { passed, terminal: null, error: null, rest: watcher.rest().toString('latin1'), whole: watcher.whole() }
}

test('no byte of a stream is lost, added or moved, wherever it is cut', () => {
  const streams = fixturesOf('openai-chat').filter(({ contentType }) => contentType === 'text/event-stream')
  for (const { bytes } of streams) {
    const { passed, terminal, rest } = watch(everyByte(bytes))
    expect(passed + (terminal ?? '') + rest).toBe(bytes.toString('latin1'))
  }
  fc.assert(
    fc.property(streamText, (text) => {
      const { passed, terminal, rest } = watch(everyByte(Buffer.from(text)))
      expect(passed + (terminal ?? '') + rest).toBe(Buffer.from(text).toString('latin1'))
    }),
  )
})

test('how a stream ends is what its reading says', () => {
  for (const { name, contentType, bytes, reading } of fixturesOf('openai-chat')) {
    if (contentType !== 'text/event-stream') continue
    const { error, whole } = watch([bytes])
    const { complete, error: read } = reading as { complete?: boolean; error?: object | null }
    if (complete !== undefined) expect(whole && error === null, name).toBe(complete)
    if (read !== undefined) expect(error, name).toEqual(read)
  }
})

test('an answer may end without the last word once it was said why the model stopped, and not before', () => {
  const chunk = (reason: string | null) =>
    `data: {"choices":[{"delta":{},"finish_reason":${JSON.stringify(reason)}}]}\n\n`
  expect(watch([Buffer.from(chunk(null))]).whole).toBe(false)
  expect(watch([Buffer.from(chunk(null) + chunk('stop'))]).whole).toBe(true)
  const said = JSON.stringify({ choices: [{ delta: { content: chunk('stop') } }] })
  expect(watch([Buffer.from(`data: ${said}\n\n`)]).whole).toBe(false)
})

test('an error of our own is the end, and no done stands behind it', () => {
  const event = errorEvent({ reason: 'upstream_failed', message: 'broke' })
  expect(watch([event]).error).toEqual({ type: 'upstream_failed', message: 'broke' })
  expect(event.toString()).not.toContain('[DONE]')
})
