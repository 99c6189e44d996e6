import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, Secret, silentLog, systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { takeSessionDirectory } from '../audit/session-directory.ts'
import { manualTime, netFact, scratchDirectory } from '../audit/testing.ts'
import { type BoundarySession, openSession, type SessionOptions } from '../session.ts'
import { systemTimers } from '../timers.ts'
import { type TestControl, type TestControlSession, testControl } from './testing.ts'

const policyText = (name: string, host = 'api.test') =>
  JSON.stringify({ apiVersion: 'reeve/v1', name, network: { rules: [{ id: 'api', host }] } })
const layer = (version: number, host?: string) => ({
  scope: 'organization',
  name: 'claude-task',
  version,
  document: policyText('claude-task', host),
})
const ended = { exitCode: 0, signalName: null, waitMs: 5_000 } as const

function open(
  state: string,
  control: TestControl | null,
  options: Partial<SessionOptions> = {},
): Promise<BoundarySession> {
  return openSession({
    state,
    control: control === null ? null : { url: control.url, token: new Secret('a-token') },
    local: null,
    about: {
      command: 'claude',
      hostname: 'box',
      clientVersion: '0.1.0',
      tier: 1,
      jail: 'namespaces',
      kernel: '6.18.0',
      policy: null,
    },
    env: {},
    clock: systemClock,
    timers: systemTimers,
    random: () => 0,
    log: silentLog,
    userId: process.getuid?.() ?? null,
    onStop: () => {},
    ...options,
  })
}

const kindsOf = (session: TestControlSession | undefined) => session?.lines.map(({ kind }) => kind)
const hosts = (session: BoundarySession) =>
  session.policy.current.layers.flatMap(({ document }) => document.network.rules.flatMap(({ host }) => host))

test('a session registers, delivers every line in order, and says how it ended', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  control.layers = [layer(17)]
  const session = await open(scratch.path, control)
  expect(session.online).toBe(true)
  expect(session.injects).toEqual([{ host: 'reeve.example.com', port: 443, paths: ['/api/v2/aibridge/**'] }])
  const denials = Array.from(
    { length: 1_200 },
    (_, i) => session.recorder.record(netFact('deny', { host: `h${i}` })).denial,
  )
  expect(await session.end({ ...ended, exitCode: 3 })).toEqual({ unsent: 0, unwritten: 0 })
  const there = control.sessions.get(session.id)!
  expect(there.chained).toBe(true)
  expect(there.lines.at(-1)).toMatchObject({ kind: 'end', facts: { exit_code: 3 } })
  expect(there.end).toEqual({ last_seq: there.lines.length - 1, head: there.head, exit_code: 3, signal: null })
  const told = new Set(there.lines.map(({ denial }) => denial))
  expect(denials.filter((denial) => !told.has(denial))).toEqual([])
  expect(there.registration).not.toHaveProperty('url')
})

test('the end is the last line, whatever the control plane says while it is sent', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const session = await open(scratch.path, control)
  await expect.poll(() => control.requests.some((request) => request.endsWith('/stream'))).toBe(true)
  control.fault = (request) => {
    if (request.startsWith('POST')) control.tell({ type: 'access', request: 'late', status: 'withdrawn' })
    return null
  }
  expect(await session.end(ended)).toEqual({ unsent: 0, unwritten: 0 })
  const { lines } = control.sessions.get(session.id)!
  expect(lines.at(-1)?.kind).toBe('end')
  expect(session.recorder.head.seq).toBe(lines.length - 1)
})

test('P02: without a control plane a fresh signed policy decides, and without one nothing runs', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  control.layers = [layer(17), { ...layer(1, 'granted.test'), scope: 'grant', name: 'grant-1' }]
  control.fault = () => 'hang up'
  await expect(open(scratch.path, control)).rejects.toThrow(/no signed policy that still counts/)
  control.fault = null
  const first = await open(scratch.path, control)
  expect(first.policy.current.grants).toHaveLength(1)
  await first.end(ended)

  control.fault = () => 'hang up'
  const offline = await open(scratch.path, control)
  expect(offline.online).toBe(false)
  expect(offline.policy.name).toEqual({ name: 'claude-task', version: 17 })
  // What was granted to somebody's session was granted to that one.
  expect(offline.policy.current.grants).toEqual([])
  expect(await offline.end({ ...ended, waitMs: 50 })).toEqual({ unsent: 3, unwritten: 0 })

  const later = { ...systemClock, now: () => new Date('2100-01-02T00:00:00Z') }
  await expect(open(scratch.path, control, { clock: later })).rejects.toThrow(Fault)
})

test('what a boundary could not deliver, the next one does', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  await (await open(scratch.path, control)).end(ended)
  control.fault = () => 'hang up'
  const offline = await open(scratch.path, control)
  const { denial } = offline.recorder.record(netFact('deny'))
  await offline.end({ ...ended, waitMs: 50 })
  control.fault = null

  const next = await open(scratch.path, control)
  await expect.poll(() => control.sessions.get(offline.id)?.end).toMatchObject({ exit_code: null })
  const there = control.sessions.get(offline.id)!
  expect(there.chained).toBe(true)
  expect(there.lines.map((line) => line.denial)).toContain(denial)
  expect(kindsOf(there)?.filter((kind) => kind === 'end')).toHaveLength(1)
  await next.end(ended)
  expect(readdirSync(join(scratch.path, offline.id))).toContain('done')
})

test('the record of a boundary that was killed is closed and delivered by the next one, torn line and all', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  await (await open(scratch.path, control)).end(ended)
  const script = join(import.meta.dirname, 'session.test-child.ts')
  // It delivers nothing itself: that is left to the next one.
  control.fault = (request) => (request.endsWith('/events') ? { status: 503 } : null)
  const child = spawn(process.execPath, [script, scratch.path, control.url], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await once(child.stdout, 'data')
  const { id, denial } = JSON.parse(String(said))
  expect(await takeSessionDirectory(scratch.path, id, new Date())).toBeNull()
  child.kill('SIGKILL')
  await once(child, 'close')
  const [name = ''] = readdirSync(join(scratch.path, id)).filter((file) => file.endsWith('.ndjson'))
  appendFileSync(join(scratch.path, id, name), '{"v":1,"kind":"net","ses')
  control.fault = null

  const next = await open(scratch.path, control)
  await expect.poll(() => control.sessions.get(id)?.end).toMatchObject({ exit_code: null, signal: null })
  const there = control.sessions.get(id)!
  expect(there.chained).toBe(true)
  expect(there.lines.map((line) => line.denial)).toContain(denial)
  expect(there.lines.at(-1)).toMatchObject({ kind: 'end', facts: { how: 'lost' } })
  expect(there.end).toMatchObject({ last_seq: there.lines.length - 1, head: there.head })
  await next.end(ended)
})

test('a session that lives is left alone, also when only its heartbeat says so', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const living = await open(scratch.path, control)
  const now = new Date()
  expect(await takeSessionDirectory(scratch.path, living.id, now)).toBeNull()
  await living.end(ended)

  const record = join(scratch.path, living.id, 'session.json')
  writeFileSync(
    record,
    readFileSync(record, 'utf8').replace(/"lock_scope": "[^"]*"/, '"lock_scope": "another container"'),
  )
  rmSync(join(scratch.path, living.id, 'done'))
  expect(await takeSessionDirectory(scratch.path, living.id, now)).toBeNull()
  const taken = await takeSessionDirectory(scratch.path, living.id, new Date(now.getTime() + 11 * 60_000))
  expect(taken?.record.id).toBe(living.id)
  await taken![Symbol.asyncDispose]()
})

test('P03: a policy that is older, changed or signed by somebody else is refused and recorded, and the old one stays', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  control.version = 9
  control.layers = [layer(17)]
  const session = await open(scratch.path, control)
  const tamper = () =>
    control.sessions
      .get(session.id)!
      .lines.filter(({ kind }) => kind === 'tamper')
      .map(({ facts }) => facts!['why'])

  await expect.poll(() => control.requests).toContain(`GET /api/v2/boundaries/sessions/${session.id}/stream`)
  control.version = 8
  control.layers = [layer(16, 'evil.test')]
  control.tell({ type: 'policy', version: 10 })
  await expect.poll(tamper).toEqual(['older'])
  control.version = 10
  control.replaceKey()
  control.tell({ type: 'policy', version: 10 })
  await expect.poll(tamper).toEqual(['older', 'unknown-key'])
  expect(hosts(session)).toEqual(['api.test'])
  await session.end(ended)
  await expect(open(scratch.path, control)).rejects.toThrow(/key that this machine does not know.*remove .*trust\.json/)
})

test('a new key counts once a known one has named it', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const session = await open(scratch.path, control)
  const inForce = (version: number) => {
    control.version = version
    control.layers = [layer(version)]
    control.tell({ type: 'policy', version })
    return expect.poll(() => session.policy.name).toEqual({ name: 'claude-task', version })
  }
  await expect.poll(() => control.requests).toContain(`GET /api/v2/boundaries/sessions/${session.id}/stream`)
  control.announceKey()
  await inForce(2)
  control.useNewKey()
  await inForce(3)
  await session.end(ended)
})

test('a new policy is in force as soon as it is pushed, and by the pull when no push comes', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  control.layers = [layer(1)]
  const time = manualTime()
  const session = await open(scratch.path, control, time)
  await expect.poll(() => control.requests).toContain(`GET /api/v2/boundaries/sessions/${session.id}/stream`)
  let changes = 0
  session.policy.onChange(() => changes++)
  control.version = 2
  control.layers = [layer(2, 'new.test')]
  control.tell({ type: 'policy', version: 2 })
  await expect.poll(() => hosts(session)).toEqual(['new.test'])
  expect(changes).toBe(1)

  control.fault = (request) => (request.endsWith('/stream') ? { status: 503 } : null)
  control.dropStreams()
  control.version = 3
  control.layers = [layer(3, 'newer.test')]
  await expect.poll(async () => (await time.advance(35_000), hosts(session))).toEqual(['newer.test'])
  const end = session.end(ended)
  await expect
    .poll(async () => (await time.advance(100), Promise.race([end, null])))
    .toEqual({ unsent: 0, unwritten: 0 })
})

test('a policy that cannot be read leaves the one before in force, and is recorded', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  control.layers = [layer(1)]
  const session = await open(scratch.path, control)
  control.version = 2
  control.layers = [{ ...layer(2), document: 'apiVersion: reeve/v9' }]
  control.tell({ type: 'policy', version: 2 })
  await expect
    .poll(() => control.sessions.get(session.id)!.lines.map(({ facts }) => facts?.['refused']))
    .toContainEqual(expect.stringMatching(/claude-task@v2.*cannot be read/))
  expect(hosts(session)).toEqual(['api.test'])
  await session.end(ended)
})

test('the policy of the machine can only take away from that of the control plane', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const { parsePolicy, decideRequest } = await import('@reeve/policy')
  const local = { label: 'local@v1', document: parsePolicy(policyText('local', 'other.test')).policy! }
  control.layers = [layer(1)]
  const session = await open(scratch.path, control, { local })
  const ask = (host: string) =>
    decideRequest(
      session.policy.current,
      { method: 'GET', scheme: 'https', host, port: 443, path: '/', exes: [] },
      new Date('2026-11-21T10:00:00Z'),
    ).effect
  expect([ask('api.test'), ask('other.test')]).toEqual(['deny', 'deny'])
  control.version = 2
  control.layers = []
  control.tell({ type: 'policy', version: 2 })
  await expect.poll(() => ask('other.test')).toBe('allow')
  await session.end(ended)
})

test('a policy whose time is over allows nothing', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const time = manualTime()
  control.layers = [layer(1)]
  control.notAfter = '2026-11-21T11:00:00Z'
  const session = await open(scratch.path, control, time)
  expect(session.policy.expired).toBe(false)
  control.fault = () => 'hang up'
  await time.advance(3_600_001)
  expect(session.policy.expired).toBe(true)
  expect(session.policy.current.layers).toEqual([])
  const end = session.end({ ...ended, waitMs: 10 })
  await expect.poll(async () => (await time.advance(100), Promise.race([end, null]))).not.toBeNull()
})

test('an administrator ends a session', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const stopped = Promise.withResolvers<void>()
  const session = await open(scratch.path, control, { onStop: () => stopped.resolve() })
  await expect.poll(() => control.requests).toContain(`GET /api/v2/boundaries/sessions/${session.id}/stream`)
  control.tell({ type: 'end' })
  await stopped.promise
  await session.end(ended)
})

test.each([
  ['the control plane has all of it', true],
  ['nobody else has it', false],
])('a record that somebody removes does not keep a session from ending: %s', async (_, hasControl) => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const session = await open(scratch.path, hasControl ? control : null)
  if (hasControl) await expect.poll(() => kindsOf(control.sessions.get(session.id))).toContain('session')
  rmSync(join(scratch.path, session.id), { recursive: true })
  // How much of it is anywhere depends on the moment.
  expect(await session.end(ended)).toEqual({ unsent: expect.any(Number), unwritten: expect.any(Number) })
})

test('a token that is not good stops the start, with what to do', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const start = open(scratch.path, control, { control: { url: control.url, token: new Secret('another') } })
  await expect(start).rejects.toMatchObject({ code: 'unauthenticated', fix: expect.stringContaining('reeve login') })
})

test('without a control plane the record stays on this machine, and is closed where it was left', async () => {
  using scratch = scratchDirectory()
  const session = await open(scratch.path, null)
  session.recorder.record(netFact('deny'))
  expect(await session.end(ended)).toEqual({ unsent: 0, unwritten: 0 })
  const [file = ''] = readdirSync(join(scratch.path, session.id)).filter((name) => name.endsWith('.ndjson'))
  expect(
    readFileSync(join(scratch.path, session.id, file), 'utf8')
      .trim()
      .split('\n'),
  ).toHaveLength(3)
})

test('what a rule asks about becomes an access request once the control plane has the denial, and its answer counts', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const session = await open(scratch.path, control)
  await expect.poll(() => control.requests).toContain(`GET /api/v2/boundaries/sessions/${session.id}/stream`)
  const { denial } = session.recorder.record(netFact('deny'))
  const ask = (signal: AbortSignal) =>
    session.approvals.ask({ kind: 'command', denial, text: 'kubectl delete' }, signal)
  const answer = ask(AbortSignal.timeout(20_000))
  await expect.poll(() => control.asked).toMatchObject([{ denial, scope: 'session' }])
  control.tell({ type: 'access', request: 'request-1', denial, status: 'approved' })
  expect(await answer).toBe('approved')
  const stop = new AbortController()
  const unanswered = ask(stop.signal)
  await expect.poll(() => control.asked).toHaveLength(2)
  stop.abort()
  expect(await unanswered).toBe('unanswered')
  expect(control.requests.at(-1)).toBe('POST /api/v2/boundaries/access-requests/request-2/withdraw')
  await session.end(ended)
})

test('a question that is given up while it is being asked leaves no access request behind', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const session = await open(scratch.path, control)
  const { denial } = session.recorder.record(netFact('deny'))
  const matter = { kind: 'command', denial, text: 'kubectl delete' } as const
  const early = AbortSignal.abort()
  expect(await session.approvals.ask(matter, early)).toBe('unanswered')
  expect(control.asked).toEqual([])

  const stop = new AbortController()
  control.fault = (request) => {
    // It has been heard, and the answer is not there yet.
    if (request === 'POST /api/v2/boundaries/access-requests') stop.abort()
    return null
  }
  expect(await session.approvals.ask(matter, stop.signal)).toBe('unanswered')
  expect(control.asked).toHaveLength(1)
  expect(control.requests.at(-1)).toBe('POST /api/v2/boundaries/access-requests/request-1/withdraw')
  await session.end(ended)
})
