import { expect, test } from 'vitest'
import type { Fact } from '../audit/event.ts'
import { refusedCalls } from './refused-calls.ts'

function record() {
  const facts: Fact[] = []
  const ended: number[] = []
  let exe = '/usr/bin/node'
  const call = refusedCalls({
    recorder: {
      record: (fact) => {
        facts.push(fact)
        return { seq: 0, denial: null }
      },
      flush: () => Promise.resolve(),
      kept: () => Promise.resolve(),
    },
    acting: (thread) => ({ pid: thread - 1, exe, argv: [], tree: [] }),
    end: (pid) => ended.push(pid),
  })
  return {
    facts,
    ended,
    become: (other: string) => void (exe = other),
    refuse: (name: string, ...words: readonly bigint[]) =>
      call({ call: 'refused', id: 1n, thread: 8, name, arguments: words }),
  }
}

test('each refused call is a denial with its name and its program', () => {
  const { refuse, facts } = record()
  refuse('ptrace', 16n, 1n)
  refuse('ptrace', 16n, 1n)
  expect(facts).toHaveLength(2)
  expect(facts[0]).toMatchObject({
    kind: 'call',
    decision: 'deny',
    would: 'deny',
    rule: 'floor',
    reason: 'system-call',
    process: { pid: 7, exe: '/usr/bin/node' },
    facts: { call: 'ptrace' },
  })
})

test('what programs try at every start is told once for each program', () => {
  const { refuse, facts, become } = record()
  for (let i = 0; i < 5; i++) refuse('io_uring_setup', 256n)
  for (let i = 0; i < 5; i++) refuse('socket', 2n, 2n, 0n)
  become('/usr/bin/claude')
  refuse('io_uring_setup', 256n)
  expect(facts.map((fact) => fact.facts)).toEqual([
    { call: 'io_uring_setup', usual: true },
    { call: 'socket(inet, dgram, any protocol)', usual: true },
    { call: 'io_uring_setup', usual: true },
  ])
})

test('a socket for ICMP is nothing usual', () => {
  const { refuse, facts } = record()
  refuse('socket', 2n, 2n, 1n)
  refuse('socket', 2n, 2n, 1n)
  expect(facts.map(({ reason, facts: told }) => [reason, told])).toEqual([
    ['protocol', { call: 'socket(inet, dgram, icmp)' }],
    ['protocol', { call: 'socket(inet, dgram, icmp)' }],
  ])
})

test('a process that calls as another architecture is ended', () => {
  const { refuse, ended } = record()
  refuse('x32', 0n)
  expect(ended).toEqual([7])
})
