import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { testServiceAccount } from '../../../test/support/service-account.ts'
import { accountOf, googleTokens, serviceAccountKey } from './google-account.ts'

const made = testServiceAccount()
const account = accountOf(new Secret(serviceAccountKey(made.file) ?? ''))!
const tokenUrl = 'https://tokens.test/token'
const start = new Date('2026-03-01T12:00:00Z')
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000)

/** A token service whose answers wait until they are let go. */
function service() {
  const asked: { url: string; form: URLSearchParams; answer: (status: number, body: object | string) => void }[] = []
  const post = (url: string, form: string) =>
    new Promise<{ status: number; body: string }>((resolve) => {
      asked.push({
        url,
        form: new URLSearchParams(form),
        answer: (status, body) => resolve({ status, body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
    })
  return { asked, post }
}

test('the file of a service account is one line that shows nothing, and reads as the same account', () => {
  const line = serviceAccountKey(made.file)!
  expect(line).toMatch(/^reeve@corp\.iam\.gserviceaccount\.test:a1b2c3:[\w+/=]+$/)
  expect(account).toMatchObject({ email: made.email, keyId: 'a1b2c3' })
  for (const text of ['', '{}', 'AIza-api-key', '{"client_email":"a@b","private_key_id":"c","private_key":"d"}'])
    expect(serviceAccountKey(text), text).toBeNull()
  for (const text of ['AIza-api-key', 'a@b.test:c:bm90IGEga2V5', 'a:b:c'])
    expect(accountOf(new Secret(text))).toBeNull()
})

test('a token is had for a signed assertion, once for all who wait, and given out until its end is near', async () => {
  const { asked, post } = service()
  const tokenFor = googleTokens(tokenUrl)
  const waiting = [tokenFor(account, start, post), tokenFor(account, after(1), post)]
  expect(asked).toHaveLength(1)
  expect(asked[0]!.url).toBe(tokenUrl)
  expect(made.claimsOf(asked[0]!.form.get('assertion') ?? '')).toEqual({
    iss: made.email,
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    aud: tokenUrl,
    iat: start.getTime() / 1000,
    exp: start.getTime() / 1000 + 3600,
  })
  asked[0]!.answer(200, { access_token: 'ya29.one', expires_in: 3600, token_type: 'Bearer' })
  expect(await Promise.all(waiting)).toEqual(['ya29.one', 'ya29.one'])
  expect(tokenFor(account, after(3200), post)).toBe('ya29.one')
  expect(asked).toHaveLength(1)
})

test('a token is renewed before its end, while it is still given out; a renewal that fails is tried again', async () => {
  const { asked, post } = service()
  const tokenFor = googleTokens(tokenUrl)
  const first = tokenFor(account, start, post)
  asked[0]!.answer(200, { access_token: 'one', expires_in: 3600 })
  await first
  expect(tokenFor(account, after(3400), post)).toBe('one')
  expect(tokenFor(account, after(3401), post)).toBe('one')
  expect(asked).toHaveLength(2)
  asked[1]!.answer(500, 'no')
  await expect.poll(() => tokenFor(account, after(3402), post) === 'one' && asked.length).toBe(3)
  asked[2]!.answer(200, { access_token: 'two', expires_in: 3600 })
  await expect.poll(() => tokenFor(account, after(3403), post)).toBe('two')
  expect(asked).toHaveLength(3)
})

test.each([
  [400, { error: 'invalid_grant', error_description: 'no' }, /\(invalid_grant\)/],
  [500, '<html>', /\(status 500\)/],
  [200, { access_token: 'with a\nline' }, /\(status 200\)/],
  [200, {}, /\(status 200\)/],
])(
  'an answer without a token, %i %j, is a failure that the next request tries again after',
  async (status, body, why) => {
    const { asked, post } = service()
    const tokenFor = googleTokens(tokenUrl)
    const failing = tokenFor(account, start, post)
    asked[0]!.answer(status, body)
    await expect(failing).rejects.toThrow(why)
    const again = tokenFor(account, start, post)
    asked[1]!.answer(200, { access_token: 'one', expires_in: 3600 })
    expect(await again).toBe('one')
  },
)
