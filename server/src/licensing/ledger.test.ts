import { systemClock } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import type { FinishedBuild } from './counts.ts'
import { countBuild } from './ledger.ts'
import { noteMoment } from './queries.ts'
import { testBuild } from './testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const at = new Date('2026-03-01T23:59:59.999Z')
const count = (build: FinishedBuild, when = at) => db.transaction((tx) => countBuild(tx, build, when))
const rowOf = ({ id }: FinishedBuild) =>
  db.sql.selectFrom('agent_workspace_builds').selectAll().where('build_id', '=', id).executeTakeFirst()

/** What the ledger adds up to, and what the sums by the day are. */
async function bothSums() {
  const ledger = await sql`select (recorded_at at time zone 'UTC')::date as day, organization_id, template_id, owner_id,
    trigger, count(*)::bigint as builds from agent_workspace_builds where counted group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5`.execute(db.sql)
  const daily = await sql`select * from agent_workspace_builds_daily order by 1, 2, 3, 4, 5`.execute(db.sql)
  return [ledger.rows, daily.rows]
}

test('a build is counted once however often its end is reported, and the first decision stands', async () => {
  const build = testBuild()
  expect(await count(build)).toBe(true)
  expect(await count(build)).toBe(false)
  expect(await count({ ...build, job: 'failed' })).toBe(false)
  expect(await rowOf(build)).toMatchObject({ counted: true, reason: 'task_created', recorded_at: at })

  const failed = testBuild({ job: 'failed' })
  expect([await count(failed), await count({ ...failed, job: 'succeeded' })]).toEqual([false, false])
  expect(await rowOf(failed)).toMatchObject({ counted: false, reason: 'start_failed' })
})

test('replicas that report the same end at once count it once', async () => {
  const build = testBuild()
  const answers = await Promise.all(Array.from({ length: 5 }, () => count(build)))
  expect(answers.filter((counted) => counted)).toHaveLength(1)
  const sums = await db.sql
    .selectFrom('agent_workspace_builds_daily')
    .select('builds')
    .where('template_id', '=', build.template.id)
    .execute()
  expect(sums).toEqual([{ builds: 1 }])
})

test('what is rolled back with the end of the build is not counted, and is counted when that succeeds later', async () => {
  const build = testBuild()
  const undone = db.transaction(async (tx) => {
    await countBuild(tx, build, at)
    throw new Error('the server was killed')
  })
  await expect(undone).rejects.toThrow('killed')
  expect(await rowOf(build)).toBeUndefined()
  expect(await count(build)).toBe(true)
})

test('stops and deletions are not written down', async () => {
  const [stop, remove] = [testBuild({ transition: 'stop' }), testBuild({ transition: 'delete' })]
  expect([await count(stop), await count(remove)]).toEqual([false, false])
  expect([await rowOf(stop), await rowOf(remove)]).toEqual([undefined, undefined])
})

test('a row cannot be changed or taken away', async () => {
  const build = testBuild()
  await count(build)
  const { sql: connection } = db
  await expect(connection.deleteFrom('agent_workspace_builds').execute()).rejects.toThrow('only grows')
  await expect(connection.updateTable('agent_workspace_builds').set({ counted: false }).execute()).rejects.toThrow(
    'only grows',
  )
  await expect(sql`truncate agent_workspace_builds`.execute(connection)).rejects.toThrow('only grows')
})

test('the sums by the day are those of the ledger, at midnight of UTC and with many at a time', async () => {
  const [template, owner, other] = [testBuild().template, testBuild().owner, testBuild().owner]
  const jobs = ['succeeded', 'succeeded', 'failed', 'canceled'] as const
  const builds = Array.from({ length: 60 }, (_, index) => ({
    build: testBuild({
      template,
      owner: index % 3 === 0 ? other : owner,
      job: jobs[index % 4]!,
      number: (index % 2) + 1,
      ...(index % 5 === 0 ? { task: null } : {}),
    }),
    when: new Date(at.getTime() + (index % 7)),
  }))
  // Each is reported twice.
  await Promise.all([...builds, ...builds].map(({ build, when }) => count(build, when)))
  const [ledger, daily] = await bothSums()
  expect(daily).toEqual(ledger)
  expect(new Set(daily!.map((row) => (row as { day: string }).day))).toEqual(new Set(['2026-03-01', '2026-03-02']))
})

test('a clock that was set back puts no build before what was seen', async () => {
  const now = systemClock.now()
  await noteMoment(db.sql, now)
  const build = testBuild()
  await count(build, new Date('2026-01-01T00:00:00Z'))
  const row = await rowOf(build)
  const seen = await db.sql.selectFrom('license_clock').select('seen_at').executeTakeFirstOrThrow()
  expect(row?.recorded_at).toEqual(seen.seen_at)
  expect(row!.recorded_at > at).toBe(true)
})

test('a server whose clock is ahead does not make it later for good', async () => {
  await noteMoment(db.sql, new Date('2999-01-01T00:00:00Z'))
  const { seen_at } = await db.sql.selectFrom('license_clock').select('seen_at').executeTakeFirstOrThrow()
  expect(seen_at.getTime()).toBeLessThan(systemClock.now().getTime() + 60_000)
  await noteMoment(db.sql, new Date('2026-01-01T00:00:00Z'))
  expect(await db.sql.selectFrom('license_clock').select('seen_at').executeTakeFirst()).toEqual({ seen_at })
})
