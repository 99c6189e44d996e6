import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '@reeve/base'
import { expect, test } from 'vitest'
import { systemTimers } from '../timers.ts'
import { decisionLine, openDecisionLog } from './decision-log.ts'
import type { BoundaryEvent } from './event.ts'
import { logCommand } from './log-command.ts'
import { nothing } from './recorder.ts'
import { netFact, scratchDirectory, testRecorder, testSession } from './testing.ts'

async function recorded(state: string): Promise<readonly BoundaryEvent[]> {
  const events: BoundaryEvent[] = []
  await using recorder = testRecorder(join(state, testSession), { newDenial: () => `dny_${'0'.repeat(26)}` })
  recorder.onEvent((event) => events.push(event))
  recorder.record(netFact('allow'))
  recorder.record(netFact('deny', { host: 'evil.test' }))
  recorder.record({ ...nothing, kind: 'end', facts: { how: 'ended', exit_code: 0 } })
  return events
}

async function run(state: string, ...argv: string[]): Promise<{ code: number; out: string }> {
  let out = ''
  const write = (text: string) => void (out += text)
  const io = { write, complain: write, timers: systemTimers, signal: AbortSignal.timeout(5_000) }
  const code = await logCommand(argv, state, io)
  return { code, out }
}

test('the record of the last session is shown for people, or as it is', async () => {
  using scratch = scratchDirectory()
  await recorded(scratch.path)
  const { out } = await run(scratch.path)
  expect(out.split('\n')).toEqual([
    '10:00:00.000  allowed   GET https://api.test/v1/x   api · claude > curl (4312)',
    `10:00:00.000  DENIED    GET https://evil.test/v1/x   default (no-matching-rule) · claude > curl (4312)   dny_${'0'.repeat(26)}`,
    '10:00:00.000  end       how=ended exit_code=0',
    '',
  ])
  expect((await run(scratch.path, '--denied')).out.split('\n')).toHaveLength(2)
  const json = (await run(scratch.path, '--json', '--session', testSession.slice(0, 12))).out.trim().split('\n')
  expect(json.map((line) => JSON.parse(line).seq)).toEqual([0, 1, 2])
})

test('a record is verified, and one that was changed is not', async () => {
  using scratch = scratchDirectory()
  await recorded(scratch.path)
  const whole = await run(scratch.path, 'verify', testSession)
  expect(whole.code).toBe(0)
  expect(whole.out).toMatch(/lines {4}3 \(0 to 2\)[\s\S]*end {6}written\nwhole {4}yes/)
  const [name = ''] = readdirSync(join(scratch.path, testSession))
  const file = join(scratch.path, testSession, name)
  writeFileSync(file, readFileSync(file, 'utf8').replace('api.test/v1', 'api.test/v2'))
  const changed = await run(scratch.path, 'verify', file, '--json')
  expect(changed.code).toBe(1)
  expect(JSON.parse(changed.out)).toMatchObject({ lines: 1, problems: [`${name} does not go on as line 0 left off`] })
})

test('what is not there, and what is not meant, is said', async () => {
  using scratch = scratchDirectory()
  expect((await run(scratch.path)).out).toBe('There are no records on this machine.\n')
  for (const [argv, said] of [
    [['verify', '/nowhere/x'], 'there is no record in /nowhere/x'],
    [['--session', '0193'], 'no session here begins with 0193'],
    [['--nonsense'], 'boundary log --help'],
    [['show'], '"show" is not expected here'],
  ] as const) {
    expect(await run(scratch.path, ...argv)).toEqual({ code: 2, out: expect.stringContaining(said) })
  }
})

test('a line of the log has the names that Coder’s dashboards read, and a rule only where one allowed', async () => {
  using scratch = scratchDirectory()
  const [allowed, denied] = await recorded(scratch.path)
  expect(decisionLine(allowed!)).toMatch(
    /level=INFO msg=ALLOW decision=allow event_time=2026-11-21T10:00:00.000Z http_method=GET http_url=https:\/\/api.test\/v1\/x matched_rule=api /,
  )
  expect(decisionLine(denied!)).toMatch(
    /level=WARN msg=DENY decision=deny .* denial=dny_0+ process=\/usr\/bin\/curl pid=4312/,
  )
  expect(decisionLine(denied!)).not.toContain('matched_rule')
})

test('at level warn the log has denials only', async () => {
  using scratch = scratchDirectory()
  const events = await recorded(scratch.path)
  const now = new Date('2026-11-21T10:00:00Z')
  const log = openDecisionLog({ directory: join(scratch.path, 'logs'), level: 'warn', pid: 7, now, log: silentLog })
  for (const event of events) log.write(event)
  await log[Symbol.asyncDispose]()
  expect(log.path).toMatch(/boundary-2026-11-21_10-00-00-7\.log$/)
  expect(readFileSync(log.path, 'utf8').trim().split('\n')).toHaveLength(1)
})
