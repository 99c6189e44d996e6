import { DayOfWeek } from '@reeve/sdk'
import { describe, expect, test } from 'vitest'
import { endsOf, type Lasting, type Times } from './deadlines.ts'
import { retryAfterMs, type Standing, whatIsDue } from './what-is-due.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** A Wednesday. */
const now = new Date('2026-03-04T09:30:00Z')
const ago = (ms: number): Date => new Date(now.getTime() - ms)
const ahead = (ms: number): Date => new Date(now.getTime() + ms)

type Change = Partial<Omit<Standing, 'template'>> & { readonly template?: Partial<Standing['template']> }

function standing({ template, ...rest }: Change): Standing {
  return {
    transition: 'start',
    job: 'succeeded',
    endedAt: ago(3 * hour),
    reason: 'initiator',
    deadline: null,
    maxDeadline: null,
    failures: 0,
    ownerIsActive: true,
    isTask: false,
    isWorking: false,
    autostart: null,
    autostartSetAt: null,
    lastUsedAt: ago(hour),
    dormantAt: null,
    deletingAt: null,
    ...rest,
    template: {
      allowAutostart: true,
      autostartDays: DayOfWeek.options,
      failureTtlMs: 0,
      dormantTtlMs: 0,
      isDeprecated: false,
      ...template,
    },
  }
}

const due = (change: Change, isQueueStuck = false) => whatIsDue(standing(change), { now, isQueueStuck })
const build = (transition: string, reason: string) => ({ kind: 'build', transition, reason })
const stopped = { transition: 'stop', endedAt: ago(15 * hour) } as const
const scheduled = { ...stopped, autostart: '30 9 * * *', autostartSetAt: ago(30 * day) } as const

const table: readonly (readonly [string, Change, object | null])[] = [
  ['a workspace that runs without an end goes on', {}, null],
  ['one before its deadline goes on', { deadline: ahead(1) }, null],
  ['one at its deadline stops', { deadline: now }, build('stop', 'autostop')],
  ['a task at its deadline is paused', { deadline: now, isTask: true }, build('stop', 'task_auto_pause')],
  ['a task that works has its deadline moved', { deadline: ago(1), isTask: true, isWorking: true }, { kind: 'bump' }],
  [
    'work does not go beyond the day on which all stop',
    { deadline: ago(1), isTask: true, isWorking: true, maxDeadline: ago(1) },
    build('stop', 'task_auto_pause'),
  ],
  ['what runs for somebody who is suspended stops', { ownerIsActive: false }, build('stop', 'autostop')],
  ['while a build is under way nothing is due', { deadline: ago(hour), endedAt: null, job: 'running' }, null],
  ['a canceled stop was meant', { ...stopped, job: 'canceled', deadline: ago(hour) }, null],

  ['a start that failed stays where the template says nothing', { job: 'failed', failures: 1 }, null],
  [
    'a start that failed is cleaned up when its time is over',
    { job: 'failed', failures: 1, endedAt: ago(hour), template: { failureTtlMs: hour } },
    build('stop', 'autostop'),
  ],
  ['and not before', { job: 'failed', failures: 1, endedAt: ago(hour - 1), template: { failureTtlMs: hour } }, null],
  [
    'a stop that failed is tried again, for the same reason',
    { ...stopped, job: 'failed', failures: 1, reason: 'task_auto_pause', endedAt: ago(5 * minute) },
    build('stop', 'task_auto_pause'),
  ],
  ['later each time', { ...stopped, job: 'failed', failures: 2, reason: 'autostop', endedAt: ago(5 * minute) }, null],
  [
    'but always again',
    { ...stopped, job: 'failed', failures: 500, reason: 'autostop', endedAt: ago(6 * hour) },
    build('stop', 'autostop'),
  ],
  [
    'a delete that failed as well',
    { transition: 'delete', job: 'failed', failures: 1, reason: 'autodelete', endedAt: ago(hour) },
    build('delete', 'autodelete'),
  ],
  ['what is deleted is left alone', { transition: 'delete', deletingAt: ago(1), dormantAt: ago(day) }, null],

  ['a stopped workspace starts at its time', scheduled, build('start', 'autostart')],
  ['a minute before it does not', { ...scheduled, autostart: '31 9 * * *' }, null],
  ['one whose schedule was set a moment ago waits for the next time', { ...scheduled, autostartSetAt: ago(0) }, null],
  ['a start that was missed is made up for', { ...scheduled, autostart: '31 8 * * *' }, build('start', 'autostart')],
  ['but not for long', { ...scheduled, autostart: '29 8 * * *' }, null],
  ['one that was stopped after its time stays so', { ...scheduled, endedAt: ago(0), autostart: '29 9 * * *' }, null],
  [
    'in the zone of its owner',
    { ...scheduled, autostart: 'CRON_TZ=Europe/Berlin 30 10 * * *' },
    build('start', 'autostart'),
  ],
  ['not on a day that the template forbids', { ...scheduled, template: { autostartDays: ['monday'] } }, null],
  ['not where the template lets nothing start by itself', { ...scheduled, template: { allowAutostart: false } }, null],
  ['not of a template that is deprecated', { ...scheduled, template: { isDeprecated: true } }, null],
  ['not for somebody who is suspended', { ...scheduled, ownerIsActive: false }, null],
  ['not while dormant', { ...scheduled, dormantAt: ago(day) }, null],
  ['not when the last stop failed', { ...scheduled, job: 'failed', failures: 9, endedAt: ago(minute) }, null],

  ['an unused workspace becomes dormant', { template: { dormantTtlMs: hour } }, { kind: 'dormant' }],
  ['a used one does not', { lastUsedAt: ago(hour - 1), template: { dormantTtlMs: hour } }, null],
  ['nor one that works', { isWorking: true, template: { dormantTtlMs: hour } }, null],
  ['what is dormant and runs stops', { dormantAt: ago(1) }, build('stop', 'dormancy')],
  ['what is dormant and stopped stays', { ...stopped, dormantAt: ago(1) }, null],
  ['until its time is over', { ...stopped, dormantAt: ago(day), deletingAt: now }, build('delete', 'autodelete')],
]

describe('what the clock asks of a workspace', () => {
  test.each(table)('%s', (_, change, expected) => expect(due(change)).toEqual(expected))

  test('nothing starts by itself where nobody takes builds up, but what has to stop is asked to', () => {
    expect(due(scheduled, true)).toBeNull()
    expect(due({ deadline: now }, true)).toEqual(build('stop', 'autostop'))
  })

  test('a failure is tried again after five minutes, then twice as long, and every six hours in the end', () => {
    expect([1, 2, 3, 4].map((failures) => retryAfterMs(failures) / minute)).toEqual([5, 10, 20, 40])
    expect(retryAfterMs(1_000)).toBe(6 * hour)
  })
})

describe('how long a workspace runs that was started now', () => {
  const times: Times = { taskIdleMs: 30 * minute, quietHours: { pattern: '0 0 * * *', timeZone: 'UTC' } }
  const never = { days_of_week: [], weeks: 1 }
  const lasting = (rest: Partial<Omit<Lasting, 'template'>>, template: Partial<Lasting['template']> = {}): Lasting => ({
    isTask: false,
    ttlMs: null,
    ...rest,
    template: { allowAutostop: true, defaultTtlMs: 0, activityBumpMs: hour, autostop: never, ...template },
  })
  const ends = (given: Lasting) => endsOf(given, times, now)

  test('as its template says, and use moves the end by what the template says', () => {
    expect(ends(lasting({}))).toEqual({ deadline: null, max_deadline: null, bump_ms: 0 })
    expect(ends(lasting({}, { defaultTtlMs: 8 * hour }))).toEqual({
      deadline: ahead(8 * hour),
      max_deadline: null,
      bump_ms: hour,
    })
  })
  test('as its owner says, where the template lets him', () => {
    expect(ends(lasting({ ttlMs: 2 * hour }, { defaultTtlMs: 8 * hour })).deadline).toEqual(ahead(2 * hour))
    expect(ends(lasting({ ttlMs: 0 }, { defaultTtlMs: 8 * hour })).deadline).toBeNull()
    const bound = lasting({ ttlMs: 0 }, { defaultTtlMs: 8 * hour, allowAutostop: false })
    expect(ends(bound).deadline).toEqual(ahead(8 * hour))
  })
  test('a task as the deployment says where nobody else does, and work buys it all of that again', () => {
    expect(ends(lasting({ isTask: true }))).toMatchObject({ deadline: ahead(30 * minute), bump_ms: 30 * minute })
    expect(ends(lasting({ isTask: true }, { defaultTtlMs: hour }))).toMatchObject({
      deadline: ahead(hour),
      bump_ms: hour,
    })
    expect(ends(lasting({ isTask: true, ttlMs: 0 })).deadline).toBeNull()
  })
  test('never longer than to the day on which all stop', () => {
    const autostop = { days_of_week: ['thursday' as const], weeks: 1 }
    const thursday = new Date('2026-03-05T00:00:00Z')
    expect(ends(lasting({}, { autostop }))).toEqual({ deadline: thursday, max_deadline: thursday, bump_ms: 0 })
    expect(ends(lasting({ ttlMs: day }, { autostop })).deadline).toEqual(thursday)
    expect(ends(lasting({ ttlMs: hour }, { autostop }))).toEqual({
      deadline: ahead(hour),
      max_deadline: thursday,
      bump_ms: hour,
    })
  })
})
