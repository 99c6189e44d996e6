import { randomBytes } from 'node:crypto'

/** Codes that people read out and type: short, in groups, of characters that are hard to confuse. */

export const alphabets = {
  /** 5 bits a character. */
  lettersAndDigits: '23456789ABCDEFGHJKLMNPQRSTUVWXYZ',
  /** 4.3 bits a character; without vowels no word comes out (RFC 8628, section 6.1). */
  consonants: 'BCDFGHJKLMNPQRSTVWXZ',
} as const

/** K7QF-2M9D-XW4R-8TBN. Uniform: a byte past the largest multiple of the alphabet's length is thrown away. */
export function newTypedCode(alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length]
    }
  }
  return normalCode(text)
}

/** The one spelling of what somebody typed: capitals, in groups of four. */
export const normalCode = (typed: string): string =>
  (
    typed
      .toUpperCase()
      .replaceAll(/[^0-9A-Z]/g, '')
      .match(/.{1,4}/g) ?? []
  ).join('-')
