import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvLine } from './csv.ts'
import { visibleJson, visibleLine, visibleText } from './visible.ts'
import { cutTo, widthOf } from './width.ts'

test('escape sequences, bidirectional marks and zero-width characters are shown instead of obeyed', () => {
  expect(visibleLine('\u001B[2Jx\u0007')).toBe('\\e[2Jx\\u{7}')
  expect(visibleLine('a\u202Eb\u200Bc\u2066\uFEFF\u{E0041}\uD800')).toBe(
    'a\\u{202e}b\\u{200b}c\\u{2066}\\u{feff}\\u{e0041}\\u{d800}',
  )
  expect(visibleLine('one\ntwo\r\tthree')).toBe('one\\ntwo\\r\\tthree')
  expect(visibleText('one\r\ntwo\tx\rthree\u009B')).toBe('one\ntwo    x\\rthree\\u{9b}')
})

test('letters of every script stay as they are', () => {
  for (const text of ['héllo', 'Ελλάδα', 'العربية', 'हिन्दी', '日本語', '한국어', '🙂', 'ไทย'])
    expect(visibleLine(text)).toBe(text)
})

test('JSON stays the same value and loses what drives terminals', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
      const value: unknown = JSON.parse(json)
      const seen = visibleJson(JSON.stringify(value, null, 2))
      expect(JSON.parse(seen)).toEqual(value)
      expect(seen.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test('no text makes it to a line with anything hidden in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visibleLine(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      expect(visibleText(text).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test('a cell that a spreadsheet would run is disarmed, and a number is not', () => {
  expect(csvLine(['=1+1', '+1', '-1', '@x', ' =1', '\t=1', '|x', 'a=1'])).toBe(
    "'=1+1,'+1,'-1,'@x,' =1,'    =1,'|x,a=1\r\n",
  )
  expect(csvLine([-1, null, true, 'a,"b"\nc'])).toBe('-1,,true,"a,""b""\nc"\r\n')
})

test('a text is cut by the cells that it takes', () => {
  expect(widthOf('日本')).toBe(4)
  expect(widthOf('e\u0301')).toBe(1)
  expect(cutTo('日本語', 5)).toBe('日本…')
  expect(cutTo('日本語', 4)).toBe('日…')
  expect(cutTo('abc', 3)).toBe('abc')
})
