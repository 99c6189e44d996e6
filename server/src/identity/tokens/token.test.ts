import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newToken, readToken } from './token.ts'

test('a token can be read back to its id and the hash of its secret', () => {
  for (let i = 0; i < 50; i++) {
    const { id, token, secretSha256 } = newToken()
    expect(token.reveal()).toMatch(/^rv_[0-9A-Za-z]{10}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}$/)
    expect(readToken(token.reveal())).toEqual({ id, secretSha256 })
  }
})

test('a token with any one character changed is not a token', () => {
  const text = newToken().token.reveal()
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_ \0é'
  for (let at = 0; at < text.length; at++) {
    for (const char of alphabet) {
      const changed = text.slice(0, at) + char + text.slice(at + 1)
      if (changed !== text) expect(readToken(changed)).toBe(null)
    }
  }
})

test('nothing else is a token, however long', () => {
  fc.assert(fc.property(fc.string(), (text) => readToken(text) === null))
  expect(readToken(`rv_${'a'.repeat(1_000_000)}`)).toBe(null)
  expect(readToken(`${newToken().token.reveal()}\n`)).toBe(null)
})
