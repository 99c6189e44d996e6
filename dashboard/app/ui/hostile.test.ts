import { expect, test } from 'vitest'
import { hostileTexts } from '../../mock-api/hostile.ts'
import { readHostile } from './hostile.ts'

const shown = (text: string) =>
  readHostile(text)
    .map((piece) => (piece.kind === 'folded' ? `[${piece.name}]` : piece.text))
    .join('')

test('plain text stays as it is, line breaks and tabs included', () => {
  expect(readHostile('one\n\ttwo <b>')).toEqual([{ kind: 'text', text: 'one\n\ttwo <b>', style: '' }])
  expect(shown('a\r\nb')).toBe('a\nb')
})

test('what cannot be seen is shown by its code point', () => {
  expect(shown('a\u202eb\u200bc\u0007d')).toBe('aU+202EbU+200BcBELd')
  expect(shown('\ud800')).toBe('U+D800')
  expect(shown('\u{e0049}')).toBe('U+E0049')
})

test('terminal escapes colour the text or are left out; none of them survives', () => {
  expect(readHostile('\u001b[31;1mred\u001b[0m plain')).toEqual([
    { kind: 'text', text: 'red', style: 'ansi-red ansi-bold' },
    { kind: 'text', text: ' plain', style: '' },
  ])
  expect(shown('\u001b[2J\u001b[Hx\u001b]52;c;cm0=\u0007y\u001b]8;;https://a.example\u001b\\z')).toBe('xyz')
  expect(readHostile('\u001b[38;2;1;2;3;4mx')).toEqual([{ kind: 'text', text: 'x', style: 'ansi-underline' }])
})

test('a long run of base64 is folded and named by what it begins with', () => {
  expect(shown(`see iVBORw0KGgo${'QUFB'.repeat(100)}== end`)).toBe('see [PNG] end')
  expect(shown('w'.repeat(300))).toBe('[unbroken text]')
  expect(shown('w'.repeat(200))).toBe('w'.repeat(200))
})

test('emoji keep their joiners; elsewhere a joiner is a hiding place', () => {
  expect(shown('👩‍💻 ❤️')).toBe('👩‍💻 ❤️')
  expect(shown('pay\u200dpal')).toBe('payU+200Dpal')
})

test('nothing of the corpus keeps a control, bidi or zero-width character', () => {
  for (const text of hostileTexts) {
    // oxlint-disable-next-line no-control-regex
    expect(shown(text)).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/,
    )
  }
})
