import { expect, test } from 'vitest'
import { connectionOf } from './lifecycle.ts'

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000)
const never = {
  created_at: at(0),
  connection_timeout_seconds: 120,
  first_connected_at: null,
  last_connected_at: null,
  disconnected_at: null,
}

test('an agent that does not come times out, unless its template waits for ever', () => {
  expect(connectionOf(never, at(119))).toBe('connecting')
  expect(connectionOf(never, at(121))).toBe('timeout')
  expect(connectionOf({ ...never, connection_timeout_seconds: 0 }, at(100_000))).toBe('connecting')
})

test('an agent counts as disconnected when it left, and when nothing was heard of it for long', () => {
  const heard = { ...never, first_connected_at: at(200), last_connected_at: at(300) }
  expect(connectionOf(heard, at(359))).toBe('connected')
  expect(connectionOf(heard, at(361))).toBe('disconnected')
  expect(connectionOf({ ...heard, disconnected_at: at(301) }, at(302))).toBe('disconnected')
})
