import { expect, test } from 'vitest'
import { afterAttempt, pauseMs } from './lifecycle.ts'
import { enabledMethods, methodChoices } from './routing.ts'

const rule = { attemptsMax: 20, firstPauseMs: 30_000 }
const now = new Date('2026-06-01T12:00:00Z')
const of = (attempts: number) => ({ attempts, now, uselessAfter: null })

test('pauses double up to an hour, so that twenty attempts last through a night', () => {
  const pauses = Array.from({ length: 19 }, (_, i) => pauseMs(i + 1, 30_000))
  expect(pauses.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000])
  expect(pauses.at(-1)).toBe(3_600_000)
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(12 * 3_600_000)
})

test('what is refused for good is not tried again; what may work later is, until its last attempt or its use is over', () => {
  expect(afterAttempt({ kind: 'refused', reason: 'no' }, of(1), rule)).toEqual({ status: 'failed', error: 'no' })
  const later = { kind: 'later', reason: 'busy' } as const
  expect(afterAttempt(later, of(1), rule)).toEqual({
    status: 'pending',
    error: 'busy',
    nextAttemptAt: new Date('2026-06-01T12:00:30Z'),
  })
  expect(afterAttempt(later, of(20), rule)).toMatchObject({ status: 'failed' })
  const uselessAfter = new Date('2026-06-01T12:00:10Z')
  expect(afterAttempt(later, { ...of(1), uselessAfter }, rule)).toMatchObject({ status: 'failed' })
})

test('a reason of a receiver is one line of bounded length', () => {
  const reason = `550\r\n\u001B[31m${'x'.repeat(10_000)}`
  const next = afterAttempt({ kind: 'refused', reason }, of(1), rule)
  expect(next.error).toMatch(/^550 \[31mx+$/)
  expect(next.error?.length).toBe(300)
})

const available = ['inbox', 'smtp', 'webhook'] as const
const none = new Map<'inbox' | 'smtp' | 'webhook', boolean>()

test('by default an event goes its ways, as far as the deployment has them', () => {
  expect(enabledMethods('user-created', { available, override: null, own: none })).toEqual(['inbox', 'webhook'])
  expect(enabledMethods('user-created', { available: ['inbox', 'smtp'], override: null, own: none })).toEqual(['inbox'])
})

test('an override leaves the inbox and one method; a person may switch off what may be switched off', () => {
  const choices = { available, override: 'smtp', own: none } as const
  expect(enabledMethods('user-created', choices)).toEqual(['inbox', 'smtp'])
  expect(enabledMethods('user-created', { ...choices, override: 'inbox' })).toEqual(['inbox'])
  const own = new Map([
    ['inbox', false],
    ['smtp', false],
  ] as const)
  expect(enabledMethods('user-created', { ...choices, own })).toEqual([])
  expect(enabledMethods('account-suspended', { available, override: null, own })).toEqual([...available])
})

test('a choice that says the same as the default shows as the default', () => {
  const own = new Map([['smtp', true]] as const)
  expect(methodChoices('user-created', { available, override: null, own })).toEqual([
    { method: 'inbox', enabled: true, isDefault: true },
    { method: 'smtp', enabled: true, isDefault: false },
    { method: 'webhook', enabled: true, isDefault: true },
  ])
})
