import { expect, test } from 'vitest'
import { plainText } from './plain-text.ts'

test('text is told from what is none, and keeps its mark', () => {
  expect(plainText(Buffer.from('\ufeffé\n'))).toBe('\ufeffé\n')
  expect(plainText(new Uint8Array())).toBe('')
  expect(plainText(Buffer.from('a\0b'))).toBe(null)
  expect(plainText(Uint8Array.of(0xff, 0x41))).toBe(null)
})
