import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

async function usage(argv: readonly string[]) {
  const asked: unknown[] = []
  const handlers = everything(false)
  await using deployment = await serveContract({
    ...handlers,
    getUsage(request) {
      asked.push(request.query)
      return handlers.getUsage?.(request)
    },
  })
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' }
  const ran = await runCli(['usage', ...argv], { env })
  return { ...ran, asked: asked[0] }
}

test('a table has its total beside it, with what was left out and that some are counted twice', async () => {
  const { stdout, stderr, code } = await usage(['--by', 'model'])
  expect(code).toBe(0)
  expect(stdout.trimEnd().split('\n')).toHaveLength(2)
  expect(stderr).toContain(
    'total: 1,234 requests, 5,724 tokens (12 fresh + 5,600 cache read + 78 cache written + 34 output)',
  )
  expect(stderr).toContain('3 more have 5,724 tokens together')
  expect(stderr).toContain('in several groups')
})

test('times and days are those of the zone, and a file has as many rows as there can be', async () => {
  const { asked, stdout } = await usage(['--from', '2026-11-01', '--tz', 'Europe/Berlin', '--user', 'me', '-o', 'csv'])
  expect(asked).toMatchObject({
    from: '2026-10-31T23:00:00.000Z',
    zone: 'Europe/Berlin',
    user: 'me',
    group_by: 'day',
    top: '1000',
  })
  expect(stdout).toMatch(/^day,requests,errors,fresh,cache_read,cache_write,read,output,tokens,/)
})

test('a document is the whole answer of the server', async () => {
  expect(JSON.parse((await usage(['-o', 'json'])).stdout)).toMatchObject({
    total: { requests: 1234 },
    other: { count: 3 },
    overlapping: true,
  })
})

test('a time that is none is refused before the server is asked', async () => {
  expect(await usage(['--from', 'someday'])).toMatchObject({ code: 2, asked: undefined })
})
