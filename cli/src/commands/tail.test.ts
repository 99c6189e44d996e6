import { expect, test } from 'vitest'
import type { TimelineEvent } from '@reeve/sdk'
import { Refusal, runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'
import { events, session, sessionId } from '../testing-sessions.ts'

const env = { REEVE_SESSION_TOKEN: 'rv_me' }
const change = { session_id: sessionId, last_active_at: '2026-11-20T11:05:00Z', status: 'live' }
const facts = (id: string, kind: TimelineEvent['kind'], seq: number, time = '2026-11-20T11:04:00Z'): TimelineEvent => ({
  ...events[2]!,
  id: `${id}.${seq}`,
  interception_id: id,
  kind,
  time,
  text: null,
})
const a = '01999999-0000-7000-8000-00000000000a'
const b = '01999999-0000-7000-8000-00000000000b'

test('a session is followed across lost connections, each event once, also those of overlapping requests', async () => {
  // The timeline as it stands at each connection: request a is still running when b begins and ends.
  const stages = [
    [facts(a, 'request', 0), facts(a, 'prompt', 1)],
    [facts(a, 'request', 0), facts(a, 'prompt', 1), facts(b, 'request', 0), facts(b, 'end', 1)],
    [
      facts(a, 'request', 0),
      facts(a, 'prompt', 1),
      facts(a, 'text', 2),
      facts(a, 'end', 3),
      facts(b, 'request', 0),
      facts(b, 'end', 1),
    ],
  ]
  let stage = -1
  const done = Promise.withResolvers<void>()
  await using deployment = await serveContract({
    ...everything(false),
    watchSession: () => {
      if (++stage === stages.length) done.resolve()
      return []
    },
    getSessionTimeline: () => ({
      events: stages[Math.min(stage, stages.length - 1)],
      next: null,
      decisions: [],
      builds: [],
    }),
  })
  const ran = await runCli(['bridge', 'sessions', 'tail', sessionId, '-o', 'jsonl', '--url', deployment.url], {
    env,
    stopWhen: done.promise,
  })
  expect(ran.code).toBe(130)
  const told = ran.stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const ids = told.map((event) => (typeof event === 'object' && event !== null && 'id' in event ? event.id : null))
  expect(ids).toEqual([`${a}.0`, `${a}.1`, `${b}.0`, `${b}.1`, `${a}.2`, `${a}.3`])
  expect(told[0]).toMatchObject({ session_id: sessionId })
  expect(ran.stderr).toContain('trying again in')
})

test('a tail of everything begins now, and Ctrl-C ends its one JSON document properly', async () => {
  let connected = 0
  const done = Promise.withResolvers<void>()
  await using deployment = await serveContract({
    ...everything(false),
    listSessions: () => ({ count: 1, count_is_exact: true, sessions: [session] }),
    watchSessions: () => {
      if (++connected === 2) done.resolve()
      return connected === 1 ? [change] : []
    },
    getSessionTimeline: () => ({
      events: [facts(a, 'request', 0, '2026-11-20T10:00:00Z'), facts(a, 'prompt', 1, '2026-11-20T11:04:00Z')],
      next: null,
      decisions: [],
      builds: [],
    }),
  })
  const ran = await runCli(['bridge', 'sessions', 'tail', '-o', 'json', '--url', deployment.url], {
    env,
    stopWhen: done.promise,
  })
  expect(ran.code).toBe(130)
  expect(JSON.parse(ran.stdout)).toMatchObject([{ id: `${a}.1`, session_id: sessionId }])
})

test('the past of a session is shown as far as it was asked for', async () => {
  const lines = async (...words: string[]) => {
    const done = Promise.withResolvers<void>()
    let connected = 0
    await using deployment = await serveContract({
      ...everything(false),
      watchSession: () => {
        if (++connected === 2) done.resolve()
        return []
      },
    })
    const argv = ['bridge', 'sessions', 'tail', sessionId, '-o', 'id', '--url', deployment.url, ...words]
    const ran = await runCli(argv, { env, stopWhen: done.promise })
    return ran.stdout.split('\n').length - 1
  }
  expect(await lines('--lines', '2')).toBe(2)
  expect(await lines('--lines', '0')).toBe(0)
})

test('a session that does not exist ends the tail instead of being waited for', async () => {
  const gone = () => new Refusal(404, { message: 'no such session', code: 'not_found' })
  await using deployment = await serveContract({ getSession: gone })
  const ran = await runCli(['bridge', 'sessions', 'tail', sessionId, '--url', deployment.url], { env })
  expect(ran).toMatchObject({ code: 3, stdout: '' })
})
