import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })

test('a key comes from stdin, is added behind those that there are, and is said nowhere', async () => {
  await using deployment = await serveContract(everything(false))
  const words = ['providers', 'update', 'openai', '--key-stdin', '--weight', '2']
  const ran = await runCli(words, { ...signedIn(deployment.url), stdin: 'sk-secret-key\n' })
  expect(ran).toMatchObject({ code: 0 })
  expect(ran.stdout + ran.stderr).not.toContain('sk-secret-key')
  expect(deployment.asked.at(-1)?.body).toMatchObject({
    api_keys: [{ id: expect.any(String) }, { api_key: 'sk-secret-key', weight: 2 }],
  })
  expect(ran.stderr).toContain('gone')
})

test('what cannot be meant is told before anything is changed', async () => {
  await using deployment = await serveContract(everything(false))
  for (const words of [
    ['providers', 'create', 'openai'],
    ['providers', 'update', 'openai'],
    ['providers', 'update', 'openai', '--replace-keys'],
    ['providers', 'update', 'openai', '--remove-key', 'nobody'],
  ]) {
    expect(await runCli(words, signedIn(deployment.url)), words.join(' ')).toMatchObject({ code: 2, stdout: '' })
  }
  expect(deployment.asked.every(({ body }) => body === undefined)).toBe(true)
})
