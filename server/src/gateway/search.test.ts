import { Fault } from '@reeve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSearch } from './search.ts'

const me = { userId: '0197c0de-0000-7000-8000-000000000001' }
const read = (q: string | undefined) => readSearch(q, me)
const problem = (q: string): string => {
  try {
    read(q)
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.problems[0]!.detail
  }
  throw new Error(`${q} was accepted`)
}

test('keys narrow, commas mean or, quotes keep together, the rest is words', () => {
  expect(read('initiator:Dana,me client:"Claude Code" model:a,b flaky "two words" status:live')).toMatchObject({
    initiators: ['dana', me.userId],
    clients: ['claude code'],
    models: ['a', 'b'],
    statuses: ['live'],
    words: ['flaky', 'two words'],
  })
  expect(read('started_after:2026-11-20T10:00:00+01:00').startedAfter).toEqual(new Date('2026-11-20T09:00:00Z'))
  expect(read('model:"a,b"').models).toEqual(['a,b'])
  expect(read('"http://example.com"').words).toEqual(['http://example.com'])
})

test('no query and an empty one ask for everything', () => {
  for (const q of [undefined, '', '   ']) expect(read(q)).toEqual(read(''))
  expect(read('').words).toEqual([])
})

test('what cannot be read is named', () => {
  expect(problem('modell:x')).toContain('no key modell')
  expect(problem('model:')).toContain('model: has no value')
  expect(problem('model:a,,b')).toContain('empty value')
  expect(problem('"open')).toContain('not closed')
  expect(problem('""')).toContain('empty word')
  expect(problem('status:gone')).toContain('one of live, done, denied, error')
  expect(problem('outcome:fine')).toContain('outcome is one of')
  expect(problem('started_after:yesterday')).toContain('not a time')
  expect(problem('started_after:2026-01-01 started_after:2026-01-02')).toContain('twice')
})

test('what is wrong is said with its place', () => {
  for (const [q, at] of [
    ['modell:x', 1],
    ['client:"Claude Code"  modell:x', 23],
    ['a b "open', 5],
    ['model:a,,b', 7],
    ['x has:nothing', 7],
    ['status_code:4o4', 13],
    ['started_after:2026-01-01 started_after:2026-01-02', 40],
    ['1 2 3 4 5 6 7 8 9', 17],
  ] as const)
    expect(problem(q)).toMatch(new RegExp(`^at character ${at}: `))
})

test('facts about requests are keys too', () => {
  expect(
    read('tool:Bash,mcp__* route:messages credential_kind:BYOK status_code:429,500 has:error,denied organization:Acme')
      .facts,
  ).toMatchObject({
    tools: ['Bash', 'mcp__*'],
    routes: ['messages'],
    credentialKinds: ['byok'],
    statusCodes: [429, 500],
    has: ['error', 'denied'],
    organizations: ['acme'],
  })
  expect(problem('thread_id:x')).toContain('the id of a thread')
  expect(problem(`tool:${Array.from({ length: 101 }, (_, n) => n).join(',')}`)).toContain('more than 100')
})

test('whatever is typed is read or refused with a reason', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (q) => {
      try {
        read(q)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Fault)
      }
    }),
  )
})
