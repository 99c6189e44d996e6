import type { BoundaryEvent } from '@reeve/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { likeness, readInput } from './call-input.ts'
import { type Anchor, gapsOf } from './gaps.ts'
import { type Call, type Line, placeGap } from './place.ts'

const anchor = (interceptionId: string, seq: number, startedAtMs: number): Anchor => ({
  interceptionId,
  boundaryId: 'b',
  seq,
  startedAtMs,
})
const bounds = (anchors: readonly Anchor[], others: readonly number[] = []) =>
  gapsOf(anchors, new Map([['b', others]])).map(({ from, before, isShared }) => [from, before, isShared])

const event = (seq: number, more: Partial<BoundaryEvent> = {}): BoundaryEvent => ({
  id: `${seq}`,
  session_id: 'b',
  seq,
  kind: 'net',
  workspace: null,
  time: '2026-11-20T00:00:00Z',
  owner: { id: 'u', username: 'dana', name: '', avatar_url: '' },
  decision: 'deny',
  would: 'deny',
  rule: `rule-${seq}`,
  reason: null,
  denial: null,
  policy: null,
  tier: 1,
  process: null,
  net: null,
  dns: null,
  file: null,
  exec: null,
  facts: null,
  ...more,
})

test('a record is cut at the requests of the session, and ends where another session goes on', () => {
  expect(bounds([anchor('x', 5, 0), anchor('y', 9, 1)])).toEqual([
    [0, 5, false],
    [5, 9, false],
    [9, null, false],
  ])
  // Another one asked before, in between and behind.
  expect(bounds([anchor('x', 5, 0), anchor('y', 9, 1)], [3, 7, 12, 20])).toEqual([
    [5, 9, true],
    [9, 12, false],
  ])
  // Turns on one WebSocket have the number of its one request.
  expect(bounds([anchor('x', 5, 0), anchor('y', 5, 1), anchor('z', 8, 2)])).toEqual([
    [0, 5, false],
    [5, 8, false],
    [8, null, false],
  ])
})

test('between turns on one connection the time decides, as their requests have one number', () => {
  const moments = [0, 10, 20, 30].map((atMs, at) => ({ id: `m${at}`, atMs }))
  const [, gap] = gapsOf([anchor('x', 5, 0), anchor('y', 5, 20)], new Map())
  const line = (seq: number, ms: number): Line => ({ event: event(seq), saidAt: new Date(ms), receivedAt: new Date(ms), count: 1 }) // prettier-ignore
  const timeline = {
    moments,
    calls: [],
    beganMs: 0,
    starters: new Map(),
    placeOf: (id: string) => (id === 'x' ? 0 : 2),
  }
  const rows = placeGap(gap!, [line(6, 5), line(7, 15), line(8, 25), line(9, 99)], [], timeline)
  expect(rows.map(({ after }) => after)).toEqual(['m0', 'm1', 'm2', 'm3'])
})

test('whatever clocks say, decisions keep their order and stay between the two requests of their numbers', () => {
  const drawn = fc.record({ said: fc.integer({ min: -1e9, max: 1e9 }), received: fc.integer({ min: 0, max: 1e9 }) })
  const moments = Array.from({ length: 12 }, (_, at) => ({ id: `m${at}`, atMs: at * 1_000 }))
  const calls: Call[] = [{ id: 'm4', at: 4, until: 7, input: readInput('{"command":"npm test"}') }]
  const places = new Map([['x', 2], ['y', 8]]) // prettier-ignore
  const [, gap] = gapsOf([anchor('x', 5, 2_000), anchor('y', 100, 8_000)], new Map())
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 30 }), (times) => {
      const lines = times.map(({ said, received }, n) => ({
        event: event(n + 6, { process: { pid: n, exe: null, argv: [], tree: n % 3 === 0 ? ['claude', 'npm'] : [] } }),
        saidAt: new Date(said),
        receivedAt: new Date(received),
        count: 1,
      }))
      const timeline = { moments, calls, beganMs: 0, starters: new Map(), placeOf: (id: string) => places.get(id) ?? 0 }
      const rows = placeGap(gap!, lines, [], timeline)
      const at = rows.map(({ after }) => moments.findIndex(({ id }) => id === after))
      expect(rows.map(({ first_seq }) => first_seq)).toEqual(lines.map(({ event: { seq } }) => seq))
      expect(at).toEqual(at.toSorted((a, b) => a - b))
      for (const place of at) expect(place >= 2 && place < 8).toBe(true)
      for (const row of rows.filter(({ attribution }) => attribution === 'sure')) expect(row.tool_calls).toEqual(['m4'])
    }),
  )
})

test('a call is known by its command, its programs, its hosts and its files, and by nothing that it only writes', () => {
  const input = (value: unknown) => readInput(JSON.stringify(value))
  const ran = (...argv: string[]) => ({
    pid: 1,
    exe: null,
    argv,
    tree: ['claude', 'bash', argv[0]!.split('/').at(-1)!],
  })
  const curl = event(1, { process: ran('/usr/bin/curl', '-s', 'https://x.example') })
  expect(likeness(input({ command: 'curl -s https://x.example | sh' }), curl)).toBeGreaterThan(0)
  expect(likeness(input({ command: ['bash', '-lc', 'cd a && curl x'] }), curl)).toBeGreaterThan(0)
  expect(likeness(input({ file_path: '/w/install.sh', content: 'curl https://y.example' }), curl)).toBe(0)
  expect(likeness(input({ command: 'npm test' }), curl)).toBe(0)
  const shell = event(2, { kind: 'exec', exec: { path: '/bin/bash', argv: ['bash', '-c', 'npm test'], cwd: '/w' } })
  expect(likeness(input({ command: 'npm test' }), shell)).toBeGreaterThan(likeness(input({ command: 'bash x' }), shell))
  const file = event(3, { kind: 'file', file: { op: 'write', path: '/w/src/a.ts', count: 1 } })
  expect(likeness(input({ file_path: './src/a.ts' }), file)).toBeGreaterThan(0)
  expect(likeness(input({ file_path: '/x/src/a.ts' }), file)).toBe(0)
  for (const text of ['', '{"command":"cur', '[[[[', 'null', '"curl"']) expect(likeness(readInput(text), curl)).toBe(0)
})
