import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Asked, runCli, type RunOptions, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'
import { events, sessionId, user } from '../testing-sessions.ts'

const run = (url: string, words: readonly string[], options: RunOptions = {}) =>
  runCli(['api', ...words, '--url', url], { env: { REEVE_SESSION_TOKEN: 'rv_me' }, ...options })

const users = Array.from({ length: 5 }, (_, i) => ({ ...user, id: `01999999-0000-7000-8000-00000000000${i}` }))

function pagesOfTwo({ query }: Asked) {
  const from = query['after_id'] === undefined ? 0 : users.findIndex((one) => one.id === query['after_id']) + 1
  return { users: users.slice(from, from + 2), count: users.length }
}

test('an answer is printed as it came, and a path may leave out what all begin with', async () => {
  await using deployment = await serveContract(everything(false))
  expect(JSON.parse((await run(deployment.url, ['get', 'users/me'])).stdout)).toEqual(user)
  expect(JSON.parse((await run(deployment.url, ['GET', '/api/v2/users'])).stdout)).toEqual({ users: [user], count: 1 })
  expect((await run(deployment.url, ['GET', 'users', '-o', 'id'])).stdout).toBe(`${user.id}\n`)
})

test('--paginate follows ids and cursors to the end and makes one list of it', async () => {
  const timeline = ({ query }: Asked) =>
    query['after'] === 'c2'
      ? { events: events.slice(4), next: null, decisions: [], builds: [] }
      : { events: events.slice(0, 4), next: 'c2', decisions: [], builds: [] }
  await using deployment = await serveContract({
    ...everything(false),
    listUsers: pagesOfTwo,
    getSessionTimeline: timeline,
  })
  expect(JSON.parse((await run(deployment.url, ['GET', 'users?q=a', '--paginate'])).stdout)).toEqual(users)
  expect(deployment.asked.every((one) => one.query['q'] === 'a')).toBe(true)
  const lines = (
    await run(deployment.url, ['GET', `aibridge/sessions/${sessionId}/timeline`, '--paginate', '-o', 'jsonl'])
  ).stdout
  expect(lines.trim().split('\n')).toHaveLength(events.length)
  const notAList = await run(deployment.url, ['GET', 'users/me', '--paginate'])
  expect(notAList).toMatchObject({ code: 2, stdout: '' })
})

test('a body comes from the words, a file or stdin, and must be JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-api-'))
  const body = JSON.stringify({ email: 'a@example.com', username: 'a', login_type: 'none' })
  await writeFile(join(folder, 'body.json'), body)
  await using deployment = await serveContract(everything(false))
  for (const [data, stdin] of [[body], ['@body.json'], ['-', body]] as const) {
    const ran = await run(deployment.url, ['POST', 'users', '--data', data], {
      cwd: folder,
      ...(stdin === undefined ? {} : { stdin }),
    })
    expect(ran.code, ran.stderr).toBe(0)
    expect(deployment.asked.at(-1)?.body).toEqual(JSON.parse(body))
  }
  expect((await run(deployment.url, ['POST', 'users', '--data', '{'])).code).toBe(2)
  expect((await run(deployment.url, ['POST', 'users', '--data', '@missing'], { cwd: folder })).code).toBe(2)
  await rm(folder, { recursive: true })
})

test('what is not JSON goes into a pipe and never onto a terminal; nothing is null', async () => {
  await using deployment = await serveContract(everything(false))
  const path = '/healthz'
  expect((await run(deployment.url, ['GET', path])).stdout).toBe('OK')
  expect(await run(deployment.url, ['GET', path], { columns: 80 })).toMatchObject({ code: 2, stdout: '' })
  const removed = ['DELETE', 'users/me/keys/k1']
  expect((await run(deployment.url, removed)).stdout).toBe('')
  expect((await run(deployment.url, [...removed, '-o', 'json'])).stdout).toBe('null\n')
  expect((await run(deployment.url, ['FETCH', 'users'])).code).toBe(2)
  expect((await run(deployment.url, ['GET', 'nowhere'])).code).toBe(3)
})
