import { Fault } from '@reeve/base'
import type { Scope } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { checkSuspension, type TokenMaker, tokenTerms } from './policy.ts'

const limits = { defaultLifetimeMs: 30 * 86_400_000, maxLifetimeMs: 60 * 86_400_000 }
const session = (...scopes: Scope[]): TokenMaker => ({ scopes, allowList: null, livesForMs: null })
const faultOf = (work: () => unknown): Fault => {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
  }
  throw new Error('no fault')
}

test('without a wish a token may as much as the credential that makes it', () => {
  expect(tokenTerms({}, session('all'), limits)).toEqual({
    scopes: ['all'],
    lifetimeMs: limits.defaultLifetimeMs,
    allowList: null,
  })
  expect(tokenTerms({}, session('api'), limits).scopes).toEqual(['api'])
})

test('names of other products mean the same scopes', () => {
  expect(tokenTerms({ scope: 'coder:all' }, session('all'), limits).scopes).toEqual(['all'])
  expect(tokenTerms({ scopes: ['aibridge:use', 'gateway'] }, session('all'), limits).scopes).toEqual(['gateway'])
  expect(tokenTerms({ scopes: ['gateway', 'all'] }, session('all'), limits).scopes).toEqual(['all'])
})

test('nobody makes a token with a scope that his credential lacks', () => {
  expect(faultOf(() => tokenTerms({ scope: 'gateway' }, session('api'), limits)).code).toBe('forbidden')
  expect(faultOf(() => tokenTerms({ scope: 'all' }, session('api'), limits)).code).toBe('forbidden')
})

test('lifetimes are nanoseconds or seconds, and bounded', () => {
  expect(tokenTerms({ lifetime: 3_600e9 }, session('all'), limits).lifetimeMs).toBe(3_600_000)
  expect(tokenTerms({ lifetime: 1 }, session('all'), limits).lifetimeMs).toBe(1000)
  expect(tokenTerms({ lifetime: 1, lifetime_seconds: 60 }, session('all'), limits).lifetimeMs).toBe(60_000)
  const fault = faultOf(() => tokenTerms({ lifetime_seconds: 90 * 86_400, scope: 'root' }, session('all'), limits))
  expect(fault.problems).toEqual([
    {
      field: 'scope',
      detail:
        'there is no scope "root"; there are all, gateway, api, and permissions like audit_log:read or audit_log:*',
    },
    { field: 'lifetime_seconds', detail: 'a token may live for 60d at most' },
  ])
})

test('nobody suspends himself or the last owner', () => {
  expect(faultOf(() => checkSuspension({ id: 'a', isOwner: true }, 'a', 2)).code).toBe('conflict')
  expect(faultOf(() => checkSuspension({ id: 'b', isOwner: true }, 'a', 1)).code).toBe('conflict')
  checkSuspension({ id: 'b', isOwner: true }, 'a', 2)
  checkSuspension({ id: 'b', isOwner: false }, 'a', 1)
})
