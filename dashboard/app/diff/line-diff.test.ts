import { expect, test } from 'vitest'
import { lineDiff } from './line-diff.ts'

const said = (before: string, after: string) =>
  lineDiff(before, after).map(({ kind, text }) => `${{ same: ' ', gone: '-', new: '+' }[kind]}${text}`)

test('what went and what came is told with the lines around it', () => {
  expect(said('a\nb\nc', 'a\nx\nc')).toEqual([' a', '-b', '+x', ' c'])
  expect(said('a\nb', 'a\nb')).toEqual([' a', ' b'])
  expect(said('', 'a')).toEqual(['-', '+a'])
  expect(said('one\ntwo\nthree\nfour', 'two\nthree\nfive\nfour')).toEqual(['-one', ' two', ' three', '+five', ' four'])
})

test('every line knows its place on both sides', () => {
  expect(lineDiff('a\nb\nc', 'b\nc\nd').map(({ before, after }) => [before, after])).toEqual([
    [1, null],
    [2, 1],
    [3, 2],
    [null, 3],
  ])
})

test('two long texts that have nothing in common are told as one after the other', () => {
  const many = (word: string) => Array.from({ length: 3000 }, (_, n) => `${word} ${n}`).join('\n')
  const lines = lineDiff(many('a'), many('b'))
  expect(lines.length).toBe(6000)
  expect(lines[0]?.kind).toBe('gone')
  expect(lines.at(-1)?.kind).toBe('new')
})
