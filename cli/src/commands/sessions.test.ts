import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Session } from '@reeve/sdk'
import { type Asked, Refusal, runCli, type RunOptions, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'
import { events, requestId, session, sessionId } from '../testing-sessions.ts'
import { timelineBuilds, timelineDecisions } from '../testing-timeline.ts'

const run = (url: string, words: readonly string[], options: RunOptions = {}) =>
  runCli([...words, '--url', url], { env: { REEVE_SESSION_TOKEN: 'rv_me' }, ...options })

const numbered = (count: number): Session[] =>
  Array.from({ length: count }, (_, i) => ({
    ...session,
    id: `01999999-${String(9999 - i).padStart(4, '0')}-7000-8000-000000000000`,
  }))

/** Answers pages of a list as the server does: after the id that is named, at most as many as asked for. */
function pagesOf(all: readonly Session[]) {
  return ({ query }: Asked) => {
    const from =
      query['after_session_id'] === undefined ? 0 : all.findIndex((one) => one.id === query['after_session_id']) + 1
    return { count: all.length, count_is_exact: true, sessions: all.slice(from, from + Number(query['limit'] ?? 100)) }
  }
}

test('a list is read page by page, and says when there is more', async () => {
  await using deployment = await serveContract({ ...everything(false), listSessions: pagesOf(numbered(2500)) })
  const ids = async (...words: string[]) => {
    const ran = await run(deployment.url, ['bridge', 'sessions', 'list', '-o', 'id', ...words])
    return {
      count: ran.stdout.split('\n').length - 1,
      unique: new Set(ran.stdout.trim().split('\n')).size,
      stderr: ran.stderr,
    }
  }
  expect(await ids()).toEqual({ count: 50, unique: 50, stderr: '50 of 2500: --limit or --all shows more\n' })
  expect(await ids('--limit', '1')).toEqual({ count: 1, unique: 1, stderr: '' })
  expect(await ids('--limit', '1200')).toEqual({ count: 1200, unique: 1200, stderr: '' })
  expect(await ids('--all')).toEqual({ count: 2500, unique: 2500, stderr: '' })
})

test('filter and times reach the server as one query', async () => {
  await using deployment = await serveContract(everything(false))
  await run(deployment.url, [
    'gateway',
    'session',
    'ls',
    '--filter',
    'client:"Claude Code" a',
    '--since',
    '-24h',
    '--until',
    'now',
  ])
  expect(deployment.asked[0]?.query['q']).toBe(
    'client:"Claude Code" a started_after:2026-11-19T12:00:00.000Z started_before:2026-11-20T12:00:00.000Z',
  )
  const wrong = await run(deployment.url, ['bridge', 'sessions', 'list', '--since', 'soon'])
  expect(wrong).toMatchObject({ code: 2, stdout: '' })
  expect(wrong.stderr).toContain('--since: "soon" is not a time')
  expect((await run(deployment.url, ['bridge', 'sessions', 'list', '--since', 'now', '--until', '-1h'])).code).toBe(2)
})

test('an id may be cut to a beginning that only one has', async () => {
  await using deployment = await serveContract({
    ...everything(false),
    listSessions: pagesOf([...numbered(3), session]),
  })
  const show = (id: string) => run(deployment.url, ['bridge', 'sessions', 'show', id, '-o', 'json'])
  expect((await show(sessionId)).code).toBe(0)
  expect(deployment.asked.map((one) => one.name)).not.toContain('listSessions')
  expect((await show('01999999-1111')).code).toBe(0)
  expect(deployment.asked.at(-1)?.params['id']).toBe(sessionId)
  expect((await show('0199999A-FFFF')).code).toBe(3)
  expect((await show('../users')).code).toBe(2)
  const ambiguous = await show('01999999-999')
  expect(ambiguous).toMatchObject({ code: 2, stdout: '' })
  expect(JSON.parse(ambiguous.stderr)).toMatchObject({ error: { problems: [{}, {}, {}] } })
})

test('a timeline is read to its end, and told in words with the hostile ones made harmless', async () => {
  const pages: Record<string, unknown> = {
    first: { events: events.slice(0, 4), next: 'second', decisions: timelineDecisions, builds: timelineBuilds },
    second: { events: events.slice(4), next: null, decisions: [], builds: [] },
  }
  await using deployment = await serveContract({
    ...everything(false),
    getSessionTimeline: ({ query }) => pages[query['after'] ?? 'first'],
  })
  const json = await run(deployment.url, ['bridge', 'sessions', 'show', sessionId, '-o', 'json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ session: { id: sessionId }, events })
  const seen = await run(deployment.url, ['bridge', 'sessions', 'show', sessionId], { columns: 100 })
  // A terminal gets our own colours, and nothing that came from elsewhere.
  const plain = seen.stdout.replace(/\u001B\[\d+m/g, '')
  expect(plain).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E\u200B\u{E0041}]/u)
  for (const words of [
    'human    prompt',
    'thinking thinking',
    'tools    tool call',
    'tool result (error)',
    'toolu_1',
    '{"command":"ls"}',
  ]) {
    expect(plain).toContain(words)
  }
  expect(plain).toContain('12 input, 5600 cache read, 78 cache write, 34 output tokens')
  expect(plain).toContain(`the beginning of 9999 bytes; all: reeve bridge requests show ${requestId} --body response`)
  expect(plain).toContain('the capture level kept the content out')
})

test('decisions of the boundary stand behind the events that they follow, and say which tool call they are of', async () => {
  await using deployment = await serveContract({
    ...everything(false),
    getSessionTimeline: ({ query }) =>
      query['after'] === undefined
        ? { events: events.slice(0, 2), next: 'second', decisions: timelineDecisions, builds: timelineBuilds }
        : { events: events.slice(2), next: null, decisions: [], builds: [] },
  })
  const seen = await run(deployment.url, ['bridge', 'sessions', 'show', sessionId, '--color', 'never'], {
    columns: 200,
  })
  const lines = seen.stdout.split('\n').filter((line) => /^ +\+/.test(line))
  const at = (words: string) => lines.findIndex((line) => line.includes(words))
  const [built] = seen.stdout.split('\n').filter((line) => line.includes('workspace billing'))
  expect(built).toMatch(/-4\.000s {2}system {3}workspace billing.*: start #1, task_resume \(running\)$/)
  expect(lines[0]).toContain('boundary allowed 2: start.example')
  expect(lines[at('tool call') + 1]).toMatch(/boundary allowed 12: registry.example, github.example by /)
  expect(lines[at('tool call') + 2]).toMatch(
    /denied POST https:..pastebin.com.*dny_7Q2M4K9XTRBW5E8HN3VYZ6CAGS.* while open: /,
  )
  expect(lines[at('tool call') + 3]).toMatch(/would deny 700 more: reeve network events 'session:\S+ seq:16\.\.900'/)
  const json = JSON.parse((await run(deployment.url, ['bridge', 'sessions', 'show', sessionId, '-o', 'json'])).stdout)
  expect(json.decisions).toEqual(timelineDecisions)
  expect(json.builds).toEqual(timelineBuilds)
  expect(json.events).toHaveLength(events.length)
  const csv = await run(deployment.url, [
    'bridge',
    'sessions',
    'show',
    sessionId,
    '-o',
    'csv',
    '--columns',
    'kind,text',
  ])
  expect(csv.stdout).toContain('allowed,12 registry.example github.example')
})

test('words that are withheld are said to be, and a reason goes with each question that could show them', async () => {
  const reasons: (string | undefined)[] = []
  const hidden = { ...events[2]!, text: null, text_bytes: 4711, content_withheld: true }
  await using deployment = await serveContract({
    ...everything(false),
    getSessionTimeline: ({ query }) => {
      reasons.push(query['reason'])
      return { events: [hidden], next: null, decisions: [], builds: [] }
    },
  })
  const words = ['bridge', 'sessions', 'show', sessionId, '--color', 'never', '--reason', 'incident 7']
  expect((await run(deployment.url, words, { columns: 80 })).stdout).toContain('(withheld) 4711 bytes')
  expect(reasons).toEqual(['incident 7'])
})

test('a long text is cut on a terminal and whole in a pipe', async () => {
  const long = { ...events[2]!, text: Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n') }
  await using deployment = await serveContract({
    ...everything(false),
    getSessionTimeline: () => ({ events: [long], next: null, decisions: [], builds: [] }),
  })
  const words = ['bridge', 'sessions', 'show', sessionId, '--color', 'never']
  expect((await run(deployment.url, words, { columns: 80 })).stdout).toContain('(80 more lines: --full)')
  expect((await run(deployment.url, [...words, '--full'], { columns: 80 })).stdout).toContain('line 99')
  expect((await run(deployment.url, words)).stdout).toContain('line 99')
})

test('a table on a terminal fits it, says what it left out, and shortens ids', async () => {
  await using deployment = await serveContract(everything(false))
  const ran = await run(deployment.url, ['bridge', 'sessions', 'list'], { columns: 60 })
  const lines = ran.stdout
    .replace(/\u001B\[\d+m/g, '')
    .trimEnd()
    .split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
  expect(lines[1]).toMatch(/^01999999-1111 /)
  expect(ran.stderr).toMatch(/^\+\d+ columns: -o wide\n$/)
  const chosen = await run(deployment.url, ['bridge', 'sessions', 'list', '--columns', 'status,ID'], { columns: 60 })
  expect(chosen.stdout.replace(/\u001B\[\d+m/g, '')).toBe('STATUS  ID\ndone    01999999-1111\n')
  const unknown = await run(deployment.url, ['bridge', 'sessions', 'list', '--columns', 'nope'])
  expect(unknown).toMatchObject({ code: 2, stdout: '' })
  expect(unknown.stderr).toContain('choose from id, active')
})

test('bodies come out byte for byte, never onto a terminal, and a file is whole or as it was', async () => {
  const bytes = Buffer.from([0, 27, 255, 13, 10])
  const folder = await mkdtemp(join(tmpdir(), 'reeve-out-'))
  let broken = false
  await using deployment = await serveContract({
    ...everything(false),
    getInterceptionBody: () => (broken ? new Refusal(404, { message: 'gone', code: 'not_found' }) : bytes),
  })
  const words = ['bridge', 'requests', 'show', requestId, '--body', 'request']
  expect(await run(deployment.url, words, { columns: 80 })).toMatchObject({ code: 2, stdout: '' })
  expect((await run(deployment.url, words)).stdout).toBe(bytes.toString())
  const out = [...words, '--out', 'body.bin', '-o', 'json']
  expect(JSON.parse((await run(deployment.url, out, { cwd: folder })).stdout)).toMatchObject({
    file: join(folder, 'body.bin'),
    bytes: 5,
  })
  expect(await readFile(join(folder, 'body.bin'))).toEqual(bytes)
  broken = true
  expect((await run(deployment.url, out, { cwd: folder })).code).toBe(3)
  expect(await readFile(join(folder, 'body.bin'))).toEqual(bytes)
  expect(await readdir(folder)).toEqual(['body.bin'])
  expect((await run(deployment.url, ['bridge', 'requests', 'show', requestId, '--out', 'x'])).code).toBe(2)
  await rm(folder, { recursive: true })
})
