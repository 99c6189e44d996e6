import { expect, test } from 'vitest'
import { interleave } from './interleave.ts'

async function* saying(words: readonly string[], until: Promise<unknown> = Promise.resolve()) {
  await until
  yield* words
}

async function heard(sources: readonly AsyncIterable<string>[]): Promise<string[]> {
  return Array.fromAsync(interleave(sources))
}

test('each is heard as it speaks, and one that says much does not silence another', async () => {
  expect(await heard([saying(['a', 'b', 'c']), saying(['x', 'y'])])).toEqual(['a', 'x', 'b', 'y', 'c'])
  expect(await heard([])).toEqual([])
})

test('one that waits holds nobody up, and the end is that of the last', async () => {
  const late = Promise.withResolvers<void>()
  const order: string[] = []
  for await (const word of interleave([saying(['late'], late.promise), saying(['a', 'b'])])) {
    order.push(word)
    if (word === 'b') late.resolve()
  }
  expect(order).toEqual(['a', 'b', 'late'])
})

test('the first that fails ends them all', async () => {
  let isEnded = false
  async function* patient() {
    try {
      yield 'a'
      yield 'b'
    } finally {
      isEnded = true
    }
  }
  // oxlint-disable-next-line require-yield
  async function* failing(): AsyncGenerator<string> {
    throw new Error('gone')
  }
  await expect(heard([patient(), failing()])).rejects.toThrow('gone')
  await expect.poll(() => isEnded).toBe(true)
})
