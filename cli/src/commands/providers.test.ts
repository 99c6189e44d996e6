import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
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

test('a region is added to the settings that there are, and a file takes their place', async () => {
  await using deployment = await serveContract(everything(false))
  using folder = temporaryFolder()
  const file = join(folder.path, 'settings.json')
  writeFileSync(file, '{"models":[{"from":"a*","to":"b"}]}')
  const update = (...words: string[]) => runCli(['providers', 'update', 'openai', ...words], signedIn(deployment.url))
  expect(await update('--region', 'us-east-1')).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)?.body).toMatchObject({ settings: { region: 'us-east-1', models: [{}] } })
  expect(await update('--settings', file)).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)?.body).toEqual({ settings: { models: [{ from: 'a*', to: 'b' }] } })
  writeFileSync(file, '{')
  expect(await update('--settings', file)).toMatchObject({ code: 2, stdout: '' })
})

test('where no provider is set up, those that answer from a script are named', async () => {
  const scripted = { name: 'scripted', type: 'anthropic', base_url: '', ready: true, scripted: true, detail: '' }
  const journal = { healthy: true, detail: '', pending_bytes: 0, drain_lag_seconds: 0 }
  const status = { enabled: true, capture: 'full', providers: [scripted], journal }
  await using deployment = await serveContract({ ...everything(true), getBridgeStatus: () => status })
  const ran = await runCli(['providers', 'list'], { ...signedIn(deployment.url), columns: 200 })
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stderr).toContain('no providers but those that answer from a script (scripted); reeve providers create')
})
