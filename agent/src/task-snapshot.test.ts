import { expect, test } from 'vitest'
import { tailOf } from './task-snapshot.ts'

const time = '2026-01-01T00:00:00.000Z'
const message = (id: number, content: string) => ({ id, role: id % 2 === 0 ? 'user' : 'agent', content, time })

test('of a long conversation the last messages stay, within the bound', () => {
  const all = Array.from({ length: 300 }, (_, id) => message(id, '\u0001'.repeat(1_000)))
  const kept = tailOf(all)
  expect(kept.at(-1)?.id).toBe(299)
  expect(kept.map(({ id }) => id)).toEqual(kept.map((_, index) => 300 - kept.length + index))
  expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThan(64 * 1024)
})

test('of one message that is too long the beginning stays', () => {
  const [kept] = tailOf([message(1, 'é'.repeat(100_000))])
  expect(kept?.content).toMatch(/^é{1000}/)
  expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThan(64 * 1024)
})

test('what is no message is left out', () => {
  expect(
    tailOf([null, 'x', {}, message(1, 'hello'), { ...message(2, ''), time: 'soon' }, { ...message(2, ''), id: -1 }]),
  ).toEqual([message(1, 'hello')])
})
