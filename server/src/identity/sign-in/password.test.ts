import { expect, test } from 'vitest'
import { createPasswords } from './password.ts'

test('a password matches its own hash and no other', async () => {
  const passwords = createPasswords()
  const stored = await passwords.hash('correct horse battery')
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await passwords.verify(stored, 'correct horse battery')).toBe(true)
  expect(await passwords.verify(stored, 'correct horse batterz')).toBe(false)
})

test('where there is no user the answer is no, after the same work', async () => {
  expect(await createPasswords().verify(null, 'no password at all')).toBe(false)
})

test('when too many wait, the next is turned away and the others are answered', async () => {
  const passwords = createPasswords()
  const stored = await passwords.hash('x'.repeat(12))
  const answers = await Promise.allSettled(Array.from({ length: 110 }, () => passwords.verify(stored, 'y'.repeat(12))))
  const refused = answers.filter((answer) => answer.status === 'rejected')
  expect(refused).toHaveLength(8)
  expect(refused[0]?.reason).toMatchObject({ code: 'unavailable' })
  expect(await passwords.verify(stored, 'x'.repeat(12))).toBe(true)
})
