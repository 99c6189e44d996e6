import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manualClock } from '@reeve/base'
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

test('how a provider does at each gateway is shown in words, and in JSON as it is', async () => {
  const at = (seconds: number) => new Date(Date.parse('2026-03-01T03:00:00Z') + seconds * 1_000).toISOString()
  const key = (masked: string, state: string, used_at: string | null, rests: readonly object[]) => {
    return { id: masked, masked, state, used_at, rests }
  }
  const gateways = [
    {
      gateway: '01900000-0000-7000-8000-000000000009',
      host: 'models-1',
      process: 1,
      seen_at: at(0),
      standing: {
        requests: 1,
        keys: [
          key('sk-a...1111', 'usable', at(-4), []),
          key('sk-b...2222', 'refused', null, [
            { model: 'opus', state: 'limited', until: at(40) },
            { model: '', state: 'refused', until: at(300) },
          ]),
          key('sk-c...3333', 'busy', null, [{ model: 'opus', state: 'busy', until: at(60) }]),
        ],
        models: [
          { model: 'haiku', state: 'open', until: at(20) },
          { model: 'opus', state: 'half_open', until: null },
        ],
        left_out: 0,
      },
    },
  ]
  const answers = { ...everything(false), getAiProviderStanding: () => ({ gateways }) }
  await using deployment = await serveContract(answers)
  const page = await runCli(['providers', 'show', 'openai'], signedIn(deployment.url))
  expect(page.code, page.stderr).toBe(0)
  expect(page.stdout.slice(page.stdout.indexOf('\ngateway ') + 1).split('\n')).toEqual([
    `gateway models-1 (process 1), as of ${at(0)}`,
    '  1 request in flight',
    `  key sk-a...1111: usable, used at ${at(-4)}`,
    '  key sk-b...2222: refused, not used since the gateway was started',
    `    limited with opus (the provider answered 429 and until when): not asked with until ${at(40)}`,
    `    refused with requests that name no model (the provider answered 401, it does not take the key): not tried again until ${at(300)}`,
    '  key sk-c...3333: busy, not used since the gateway was started',
    `    busy with opus (the provider answered 429): the other keys go first until ${at(60)}`,
    `  model haiku: left alone (breaker open) until ${at(20)}: it failed again and again`,
    '  model opus: being tried (breaker half open) with a few requests: it had failed again and again',
    '',
  ])
  const json = await runCli(['providers', 'show', 'openai', '-o', 'json'], signedIn(deployment.url))
  expect(JSON.parse(json.stdout)).toMatchObject({ name: 'openai', gateways })
})

test('on a terminal times are how long ago and how long still, and what is not told is said', async () => {
  const gateway = { gateway: '01900000-0000-7000-8000-000000000009', host: 'models-1', process: 1 }
  const at = (seconds: number) => new Date(Date.parse('2026-11-20T12:00:00Z') + seconds * 1_000).toISOString()
  const shown = async (gateways: readonly object[]) => {
    await using deployment = await serveContract({ ...everything(false), getAiProviderStanding: () => ({ gateways }) })
    const ran = await runCli(['providers', 'show', 'openai', '--color', 'never'], {
      ...signedIn(deployment.url),
      columns: 100,
      clock: manualClock(at(0)),
    })
    return ran.stdout
  }
  expect(await shown([])).toContain('no gateway is running')
  expect(await shown([{ ...gateway, seen_at: at(-600), standing: null }])).toMatch(
    /gateway models-1 \(process 1\), as of 10m ago\n  says nothing of this provider/,
  )
  const model = { model: 'opus', state: 'open' }
  const models = [
    { ...model, until: at(600) },
    { ...model, until: at(-600) },
  ]
  const standing = { requests: 0, keys: [], models, left_out: 3 }
  const words = await shown([{ ...gateway, seen_at: at(0), standing }])
  expect(words).toMatch(/model opus: left alone \(breaker open\) for another 10m: it failed/)
  expect(words).toMatch(/model opus: left alone \(breaker open\) until now: it failed/)
  expect(words).toContain('3 more lines like these are left out')
})
