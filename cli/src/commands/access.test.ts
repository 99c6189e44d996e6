import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { denialId } from '../testing-boundaries.ts'
import { everything } from '../testing-data.ts'
import { requestId } from '../testing-sessions.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })

test('a request names the denial, and is for one boundary and one day unless said otherwise', async () => {
  await using deployment = await serveContract(everything(false))
  const ask = (...words: string[]) => runCli(['access', 'request', denialId, ...words], signedIn(deployment.url))
  expect(await ask()).toMatchObject({ code: 2, stdout: '' })
  expect(deployment.asked).toEqual([])
  expect(await ask('--reason', 'the index')).toMatchObject({ code: 0 })
  const body = { denial: denialId, scope: 'session', duration_seconds: 86_400, reason: 'the index' }
  expect(deployment.asked.at(-1)?.body).toEqual(body)
  expect(await ask('--reason', 'the index', '--scope', 'user', '--for', '90m')).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)?.body).toEqual({ ...body, scope: 'user', duration_seconds: 5400 })
})

test('what is approved is what was asked, but for what is named', async () => {
  await using deployment = await serveContract(everything(false))
  const approve = (...words: string[]) => runCli(['access', 'approve', requestId, ...words], signedIn(deployment.url))
  expect(await approve()).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)).toMatchObject({ name: 'approveAccessRequest', body: {} })
  expect(await approve('--for', '1h', '--method', 'get,head', '--answer', 'for now')).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)?.body).toEqual({
    rule: { host: 'telemetry.example.com', port: 443, tcp: false, methods: ['GET', 'HEAD'], paths: ['/v1/t'] },
    duration_seconds: 3600,
    answer: 'for now',
  })
})

test('nobody declines without a reason, and a beginning of an id is enough', async () => {
  await using deployment = await serveContract(everything(false))
  const start = requestId.slice(0, 13)
  expect(await runCli(['access', 'decline', start], signedIn(deployment.url))).toMatchObject({ code: 2 })
  const words = ['access', 'decline', start, '--reason', 'use the mirror']
  expect(await runCli(words, signedIn(deployment.url))).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)).toMatchObject({ params: { id: requestId }, body: { reason: 'use the mirror' } })
})
