/**
 * A passphrase that can be said and typed: twelve syllables of a consonant and a vowel in four groups. 14 × 5 choices a
 * syllable make 73 bits, with no word list to ship.
 */
const consonants = 'bdfgklmnprstvz'
const vowels = 'aeiou'

export function suggestPassphrase(random: (below: number) => number = randomBelow): string {
  const syllable = () => consonants[random(consonants.length)]! + vowels[random(vowels.length)]!
  return Array.from({ length: 4 }, () => syllable() + syllable() + syllable()).join('-')
}

/** Uniform: values that would favour the low numbers are drawn again. */
function randomBelow(below: number): number {
  const limit = 256 - (256 % below)
  while (true) {
    const value = crypto.getRandomValues(new Uint8Array(1))[0]!
    if (value < limit) return value % below
  }
}
