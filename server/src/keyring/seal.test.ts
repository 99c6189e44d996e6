import { expect, test } from 'vitest'
import fc from 'fast-check'
import { contextOf, createKeyring } from './keyring.ts'
import { keyIdOf, newKey, parseKey } from './seal.ts'

const context = contextOf('external_auth_links', 'access_token', 'user-1', 'github')

test('whatever is sealed opens to the same text, and its sealed form does not contain it', () => {
  const keyring = createKeyring([newKey()])
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 5_000 }), (plain) => {
      const sealed = keyring.seal(plain, context)
      expect(keyring.open(sealed, context).reveal()).toBe(plain)
      if (plain.length > 8) {
        expect(sealed).not.toContain(plain)
        expect(sealed).not.toContain(Buffer.from(plain).toString('base64url'))
      }
    }),
  )
})

test('sealing the same text twice gives two texts', () => {
  const keyring = createKeyring([newKey()])
  const texts = new Set(Array.from({ length: 1_000 }, () => keyring.seal('the same', context)))
  expect(texts.size).toBe(1_000)
})

test('a sealed text that was moved to another row, column or table is refused', () => {
  const keyring = createKeyring([newKey()])
  const sealed = keyring.seal('gho_secret', context)
  const elsewhere = [
    contextOf('external_auth_links', 'access_token', 'user-2', 'github'),
    contextOf('external_auth_links', 'access_token', 'user-1', 'gitlab'),
    contextOf('external_auth_links', 'refresh_token', 'user-1', 'github'),
    contextOf('webhooks', 'access_token', 'user-1', 'github'),
    contextOf('external_auth_links', 'access_token', 'user-1/github'),
    '',
  ]
  for (const place of elsewhere) {
    expect(() => keyring.open(sealed, place), place).toThrow('changed or moved')
  }
})

test('any changed character is refused, and the refusal tells nothing of the secret', () => {
  const keyring = createKeyring([newKey()])
  const sealed = keyring.seal('gho_secret', context)
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === 'a' ? 'b' : 'a'
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
    // The last character carries bits that are not used: a change to those alone is no change to the bytes.
    if (Buffer.from(changed.slice(26), 'base64url').equals(Buffer.from(sealed.slice(26), 'base64url')) && at >= 26) {
      continue
    }
    expect(() => keyring.open(changed, context), `character ${at}`).toThrow(/does not have|changed or moved/)
  }
  for (const broken of ['', 'gho_secret', 'sealed-1.', sealed.slice(0, -4), `${sealed}AAAA`, sealed.slice(0, 40)]) {
    expect(() => keyring.open(broken, context), broken).toThrow(/does not have|changed or moved/)
  }
})

test('the first key seals and every key opens', () => {
  const [old, fresh] = [newKey(), newKey()]
  const before = createKeyring([old])
  const during = createKeyring([fresh, old])
  const after = createKeyring([fresh])
  const sealed = before.seal('kept', context)
  expect(during.open(sealed, context).reveal()).toBe('kept')
  const again = during.seal('kept', context)
  expect(keyIdOf(again)).toBe(fresh.id)
  expect(after.open(again, context).reveal()).toBe('kept')
  expect(() => after.open(sealed, context)).toThrow('a key that this server does not have')
  expect(() => before.open(again, context)).toThrow('a key that this server does not have')
})

test('a key that another process put in front is looked for when it is needed, and one that nobody has is refused', () => {
  const [old, fresh, foreign] = [newKey(), newKey(), newKey()]
  let asked = 0
  const keyring = createKeyring([old], () => {
    asked++
    return [fresh, old]
  })
  const sealed = createKeyring([fresh]).seal('gho_secret', context)
  expect(keyring.open(keyring.seal('before', context), context).reveal()).toBe('before')
  expect(asked).toBe(0)
  expect(keyring.open(sealed, context).reveal()).toBe('gho_secret')
  expect([asked, keyring.keyIds()]).toEqual([1, [fresh.id, old.id]])
  expect(() => keyring.open(createKeyring([foreign]).seal('x', context), context)).toThrow('does not have')
})

test('a key is 32 bytes in base64, and its id does not depend on how it was written', () => {
  const bytes = Buffer.alloc(32, 0xfb)
  const standard = parseKey(bytes.toString('base64'))
  expect(parseKey(bytes.toString('base64url'))?.id).toBe(standard?.id)
  expect(standard?.id).toMatch(/^[0-9a-f]{16}$/)
  for (const wrong of [
    '',
    'short',
    bytes.subarray(1).toString('base64'),
    bytes.toString('hex'),
    `${'A'.repeat(43)}!`,
  ]) {
    expect(parseKey(wrong), wrong).toBe(null)
  }
  expect(JSON.stringify(standard)).not.toContain(bytes.toString('base64'))
})
