import { duplexPair } from 'node:stream'
import { expect, test } from 'vitest'
import { socketNumbers } from './socket-numbers.ts'

const here = { address: '198.18.0.1', port: 40_000 }
const there = { address: '93.184.216.34', port: 443 }

test('answers come in the order of the questions, in whatever pieces', async () => {
  const [supervisor, helper] = duplexPair()
  const numberOf = socketNumbers(supervisor)
  const asked = [numberOf(here, there), numberOf({ address: '::1', port: 1 }, { address: 'fd5a::9', port: 2 })]
  const first: Buffer = helper.read(40)
  expect(first.toString('hex')).toBe(`040000009c4001bbc6120001${'0'.repeat(24)}5db8d822${'0'.repeat(24)}`)
  expect(helper.read(40).toString('hex')).toBe(`0600000000010002${'0'.repeat(31)}1fd5a${'0'.repeat(27)}9`)
  for (const byte of [7, 0, 0, 0, 0, 1, 0, 0]) helper.write(Buffer.of(byte))
  expect(await Promise.all(asked)).toEqual([7, 256])
})

test('nobody waits for a helper that is gone', async () => {
  const [supervisor] = duplexPair()
  const numberOf = socketNumbers(supervisor)
  const asked = numberOf(here, there)
  supervisor.destroy()
  expect(await asked).toBe(0)
  expect(await numberOf(here, there)).toBe(0)
})
