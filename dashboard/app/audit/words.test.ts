import { expect, test } from 'vitest'
import { changeLine } from './words.ts'

const line = (field: string, old: unknown, now: unknown, secret = false) =>
  changeLine({ [field]: { old, new: now, secret } })

test('a change is what was and what is; of lists, what came and went', () => {
  expect(line('name', 'a', 'b')).toBe('name: a → b')
  expect(line('name', null, '')).toBe('name: empty')
  expect(line('roles', ['member', 'auditor'], ['member', 'owner'])).toBe('roles: + owner − auditor')
  expect(line('roles', null, ['member'])).toBe('roles: + member')
  expect(line('mapping', {}, { a: ['b'] })).toBe('mapping: {} → {"a":["b"]}')
  expect(line('ended', null, null)).toBe('ended: none')
})

test('a secret is never in it, whatever the event holds', () => {
  expect(line('password', null, 'hunter2', true)).toBe('password set')
  expect(line('password', 'hunter1', 'hunter2', true)).toBe('password changed')
  expect(line('password', 'hunter1', null, true)).toBe('password removed')
})
