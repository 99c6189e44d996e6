import { expect, test } from 'vitest'
import { maskFor } from './mask.ts'

const keys = ['sk-ant-0123456789', 'sk-other-abcdef']
const mask = maskFor([...keys, 'short'])

test('a key is hidden without changing a length, and what is no key is not copied', () => {
  expect(mask.text(`a ${keys[0]} b ${keys[1]} short`)).toBe('a ***************** b *************** short')
  expect(mask.bytes(Buffer.from(`x${keys[0]}`)).toString()).toBe('x*****************')
  const plain = Buffer.from('nothing to hide')
  expect(mask.bytes(plain)).toBe(plain)
})

test('a key in two pieces is hidden wherever it is cut', () => {
  const whole = Buffer.from(`it is ${keys[0]} and ${keys[1]}, short`)
  for (let cut = 0; cut <= whole.length; cut++) {
    const pieces = mask.across(mask.bytes(whole.subarray(0, cut)), mask.bytes(whole.subarray(cut)))
    expect(pieces.map((piece) => piece.length)).toEqual([cut, whole.length - cut])
    expect(Buffer.concat(pieces).toString()).toBe(mask.text(whole.toString()))
  }
})
