import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMasker } from './masker.ts'
import { noSecretsAtAll, secretsOfEachForm, testMasker } from './testing.ts'

test('each form of secret is replaced by a mask of its length that names rule, version and fingerprint', () => {
  for (const [name, secret] of Object.entries(secretsOfEachForm)) {
    for (const around of ['', ' ', '=', '\\n', '\\u003d', '%3D', "'"]) {
      const text = `"${around}${secret}${around === '' ? '' : ' '}"`
      const masked = testMasker.text(text)
      expect(masked, name).not.toContain(secret.slice(0, 24))
      expect(masked.length, name).toBe(text.length)
      expect(masked, name).toMatch(/\[[a-z]+\.1:[A-Za-z0-9_-]{12}\**\]/)
    }
  }
})

test('a password in a URL is masked and its host is not; one too short to be named becomes stars', () => {
  expect(testMasker.text('postgres://app:hunter22@db.internal/x')).toBe('postgres://app:********@db.internal/x')
  expect(testMasker.text('https:\\/\\/oauth2:abcdefghijklmnopqrstuvwxyz@git.example.com')).toMatch(
    /^https:\\\/\\\/oauth2:\[url\.1:[A-Za-z0-9_-]{12}\*+\]@git\.example\.com$/,
  )
})

test('what only looks like a secret stays', () => {
  for (const text of noSecretsAtAll) expect(testMasker.text(text)).toBe(text)
})

test('equal secrets have equal fingerprints under one key, and others under another', () => {
  const { aws = '' } = secretsOfEachForm
  const mask = testMasker.text(aws)
  expect(testMasker.text(`x ${aws} y ${aws}`)).toBe(`x ${mask} y ${mask}`)
  expect(createMasker(Buffer.alloc(32, 8)).text(aws)).not.toBe(mask)
  expect(mask).toBe(`[aws.1:${testMasker.find(aws)[0]?.fingerprint}]`)
})

test('masking what is masked changes nothing', () => {
  const texts = fc.array(fc.constantFrom(...Object.values(secretsOfEachForm), 'x', ' ', '"', 'a://b:cdef@g', '\\n'))
  fc.assert(
    fc.property(texts, (parts) => {
      const once = testMasker.text(parts.join(' '))
      expect(testMasker.find(once)).toEqual([])
    }),
  )
})

test('JSON with masks is JSON', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.values(secretsOfEachForm))), (parts) => {
      const text = JSON.stringify(parts.map((part) => part.replaceAll('\\n', '\n').replaceAll('\\t', '\t')))
      const masked: unknown = JSON.parse(testMasker.text(text))
      expect(Array.isArray(masked) && masked.length).toBe(parts.length)
    }),
  )
})

test('a secret is found where the beginning of another form runs into it', () => {
  for (const before of ['sk', 'risk', 'rk', 'sk-ant-', 'ghp_', 'xox', 'https:/', 'eyJ']) {
    const text = `${before}${secretsOfEachForm['pem']} after`
    expect(testMasker.text(text), before).not.toContain('MIIEvQIBADAN')
  }
})
