import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { BoundaryEvent } from './event.ts'
import { parseEvent } from './line.ts'
import { nothing } from './recorder.ts'
import { SpoolReader } from './spool-reader.ts'
import { dnsFact, manualTime, netFact, scratchDirectory, testRecorder } from './testing.ts'

function eventsIn(directory: string): { readonly events: BoundaryEvent[]; readonly lines: Buffer[] } {
  const reader = new SpoolReader(directory)
  const lines = reader.next().map(({ bytes }) => bytes)
  reader.close()
  return { events: lines.map((line) => parseEvent(line)!), lines }
}

test('lines are numbered from 0 and each names the hash of the one before', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path)
  const told = [netFact('allow'), netFact('deny'), netFact('allow')].map((fact) => recorder.record(fact))
  await recorder.flush()
  const { events, lines } = eventsIn(scratch.path)
  expect(told.map(({ seq }) => seq)).toEqual([0, 1, 2])
  expect(events.map(({ seq }) => seq)).toEqual([0, 1, 2])
  expect(events[0]!.prev).toBeNull()
  expect(events[2]!.prev).toBe(hash('sha256', lines[1]!))
  expect(recorder.head).toMatchObject({ seq: 2, hash: hash('sha256', lines[2]!) })
})

test('a parsed line written again has the same bytes', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path)
  recorder.record(netFact('deny', { path: '/ü/\u0000/\ud800?q=1' }))
  await recorder.flush()
  const { lines } = eventsIn(scratch.path)
  expect(JSON.stringify(JSON.parse(lines[0]!.toString()))).toBe(lines[0]!.toString())
  expect(lines[0]!.toString()).not.toMatch(/\\u0000|\\ud800/)
})

test('a denial has an id that nobody guesses, and so has what would have been one', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path)
  const denied = recorder.record(netFact('deny')).denial
  const observed = recorder.record({ ...netFact('allow'), would: 'deny' }).denial
  expect(denied).toMatch(/^dny_[0-9A-HJKMNP-TV-Z]{26}$/)
  expect(observed).toMatch(/^dny_/)
  expect(observed).not.toBe(denied)
  expect(recorder.record(netFact('allow')).denial).toBeNull()
})

test('D02: a thousand names of a tunnel come to a few lines that count them all', async () => {
  using scratch = scratchDirectory()
  const { clock, timers, advance } = manualTime()
  await using recorder = testRecorder(scratch.path, { clock, timers })
  const ids = new Set<string | null>()
  for (let i = 0; i < 1_000; i++) ids.add(recorder.record(dnsFact(`${i}.x.evil.test`)).denial)
  await advance(11_000)
  await recorder.flush()
  const { events } = eventsIn(scratch.path)
  expect(events.length).toBeLessThanOrEqual(12)
  expect(events.reduce((sum, { dns }) => sum + (dns?.count ?? 0), 0)).toBe(1_000)
  expect(events.at(-1)!.dns!.name).toBe('*.evil.test')
  // Whatever id somebody was told stands in the record.
  expect(new Set(events.map(({ denial }) => denial))).toEqual(ids)
})

test('a name of its own for each look-up is bounded too', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path)
  for (let i = 0; i < 5_000; i++) recorder.record(dnsFact(`host.evil-${i}.test`))
  await recorder.flush()
  const { events } = eventsIn(scratch.path)
  expect(events.length).toBeLessThanOrEqual(101)
  expect(events.reduce((sum, { dns }) => sum + (dns?.count ?? 0), 0)).toBe(5_000)
})

test('requests that were allowed are never folded', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path)
  for (let i = 0; i < 1_500; i++) recorder.record(netFact('allow'))
  await recorder.flush()
  expect(eventsIn(scratch.path).events).toHaveLength(1_500)
})

test('a full record counts what is allowed and keeps every denial', async () => {
  using scratch = scratchDirectory()
  const { clock, timers, advance } = manualTime()
  await using recorder = testRecorder(scratch.path, { clock, timers, bytesMax: 10_000 })
  for (let i = 0; i < 300; i++) {
    recorder.record(netFact('allow'))
    if (i % 3 === 0) recorder.record(netFact('deny', { host: `h${i}.test` }))
  }
  await advance(11_000)
  await recorder.flush()
  const { events } = eventsIn(scratch.path)
  const allowed = events.filter(({ kind, decision }) => kind === 'net' && decision === 'allow').length
  const dropped = events.reduce((sum, { kind, facts }) => sum + (kind === 'gap' ? Number(facts!['dropped']) : 0), 0)
  const denied = events
    .filter(({ decision }) => decision === 'deny')
    .reduce((sum, { facts }) => sum + Number(facts?.['count'] ?? 1), 0)
  expect(allowed + dropped).toBe(300)
  expect(allowed).toBeLessThan(30)
  expect(denied).toBe(100)
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i))
})

test('listeners hear of each line', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path)
  const heard: number[] = []
  recorder.onEvent(({ seq }) => heard.push(seq))
  recorder.record({ ...nothing, facts: { tier: 1 } })
  recorder.record(netFact('deny'))
  expect(heard).toEqual([0, 1])
})
