import { expect, test } from 'vitest'
import { readIgnore } from './template-ignore.ts'

test.each([
  ['junk/', 'junk/a', true],
  ['junk/', 'modules/junk/a', true],
  ['junk/', 'junk', false],
  ['junk', 'junk', true],
  ['/junk', 'modules/junk', false],
  ['*.png', 'docs/shot.png', true],
  ['docs/*.png', 'docs/deep/shot.png', false],
  ['docs/**/shot.png', 'docs/very/deep/shot.png', true],
  ['docs/**/shot.png', 'docs/shot.png', true],
  ['a?.txt', 'ab.txt', true],
  ['a?.txt', 'a/.txt', false],
  ['[ab].txt', 'b.txt', true],
  ['[!ab].txt', 'b.txt', false],
  ['a+(b).txt', 'a+(b).txt', true],
  ['\\*.txt', 'a.txt', false],
  ['# junk', '# junk', false],
  ['junk', 'junkyard', false],
])('%s and %s: %s', (rules, path, isIgnored) => {
  expect(readIgnore(rules).file(path)).toBe(isIgnored)
})

test('the last rule that fits decides, and a folder with exceptions is looked through', () => {
  const ignore = readIgnore('\r\n*.bin\r\nimages/\r\n!images/logo.bin\r\n')
  expect(['a.bin', 'images/a.png', 'images/logo.bin'].map(ignore.file)).toEqual([true, true, false])
  expect(ignore.folder('images')).toBe(false)
  expect(readIgnore('images/').folder('images')).toBe(true)
  expect(readIgnore('').folder('images')).toBe(false)
})
