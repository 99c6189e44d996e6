import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })
const update = ['audit', 'sinks', 'update', 'siem']

test('only what is named is changed', async () => {
  await using deployment = await serveContract(everything(false))
  const run = (...words: string[]) => runCli(words, signedIn(deployment.url))
  expect(await run(...update, '--address', 'tls://logs2.example.com:6514')).toMatchObject({ code: 0 })
  expect(await run(...update, '--refuse-private', '--public-ca', '--renew-secret')).toMatchObject({ code: 0 })
  expect(await run('audit', 'sinks', 'disable', 'siem')).toMatchObject({ code: 0 })
  expect(deployment.asked.map(({ params, body }) => [params, body])).toEqual([
    [{ sink: 'siem' }, { url: 'tls://logs2.example.com:6514' }],
    [{ sink: 'siem' }, { allow_private: false, ca: null, secret: null }],
    [{ sink: 'siem' }, { enabled: false }],
  ])
})

test('what contradicts itself, and nothing at all, is told before anything is sent', async () => {
  await using deployment = await serveContract(everything(false))
  for (const words of [
    [],
    ['--allow-private', '--refuse-private'],
    ['--ca', 'ca.pem', '--public-ca'],
    ['--secret-file', 'secret', '--renew-secret'],
  ]) {
    const ran = await runCli([...update, ...words], signedIn(deployment.url))
    expect(ran, words.join(' ')).toMatchObject({ code: 2, stdout: '' })
  }
  expect(deployment.asked).toEqual([])
})
