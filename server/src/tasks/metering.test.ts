import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '@reeve/base'
import { failure } from '../provisioning/diagnostic.ts'
import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import { findBuild } from '../workspaces/build-queries.ts'
import type { Builder } from '../workspaces/build-job.ts'
import { keepResult } from '../workspaces/keep-result.ts'
import { testTimes } from '../workspaces/testing.ts'
import { nothingMade, type TaskWorld, taskWorld } from './testing.ts'

/** What an Agent Workspace Build is, row by row, with builds that a worker does. */

let tasks: TaskWorld
beforeAll(async () => {
  tasks = await taskWorld()
})
afterAll(() => tasks?.[Symbol.asyncDispose]())

const both = (run: (given: BuildRun) => Promise<BuildResult>): Builder => ({ apply: run, destroy: run })
const ledger = (workspaceId: string) =>
  tasks.world.identity.db.sql
    .selectFrom('agent_workspace_builds')
    .select(['build_id', 'counted', 'trigger', 'reason', 'task_id'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('recorded_at')
    .execute()
const daily = async () => {
  const { sql: db } = tasks.world.identity.db
  const days = await db.selectFrom('agent_workspace_builds_daily').select('builds').execute()
  return days.reduce((sum, { builds }) => sum + Number(builds), 0)
}
const { built, call } = {
  built: (id: string) => tasks.world.built(tasks.dev, id),
  call: (method: string, path: string, body?: object) => tasks.call(method, path, tasks.dev, body),
}

test('creating a task counts one, and each resumption one more, by whichever way', async () => {
  await using _ = await tasks.world.worker(tasks.builder)
  const before = await daily()
  const task = await tasks.create()
  const created = await built(task.workspace_build_id)
  const paused = (await call('POST', `tasks/me/${task.id}/pause`)).json.workspace_build
  await built(paused.id)
  const resumed = (await call('POST', `tasks/me/${task.id}/resume`)).json.workspace_build
  await built(resumed.id)
  await built((await call('POST', `workspaces/${task.workspace_id}/builds`, { transition: 'stop' })).json.id)
  const started = await call('POST', `workspaces/${task.workspace_id}/builds`, { transition: 'start', reason: 'cli' })
  await built(started.json.id)
  const counted = { counted: true, task_id: task.id }
  expect(await ledger(task.workspace_id)).toEqual([
    { build_id: created.id, trigger: 'create', reason: 'task_created', ...counted },
    { build_id: resumed.id, trigger: 'resume', reason: 'task_resumed', ...counted },
    { build_id: started.json.id, trigger: 'manual_start', reason: 'task_workspace_started', ...counted },
  ])
  expect(await tasks.task(task.id)).toMatchObject({ builds_counted: 3 })
  const { workspace_build: deleted } = (await call('DELETE', `tasks/me/${task.id}`)).json
  await built(deleted.id)
  expect(await ledger(task.workspace_id)).toHaveLength(3)
  expect((await daily()) - before).toBe(3)
})

test('a start that fails does not count, and the next one that goes well does', async () => {
  const task = await tasks.create()
  {
    await using _ = await tasks.world.worker(both(async () => ({ ...nothingMade, failure: failure('no room') })))
    await built(task.workspace_build_id)
  }
  expect(await tasks.task(task.id)).toMatchObject({ status: 'error', error: 'no room', builds_counted: 0 })
  await using _ = await tasks.world.worker(tasks.builder)
  await built((await call('POST', `tasks/me/${task.id}/resume`)).json.workspace_build.id)
  expect((await ledger(task.workspace_id)).map(({ counted, reason }) => [counted, reason])).toEqual([
    [false, 'start_failed'],
    [true, 'task_resumed'],
  ])
})

test('a start that is canceled does not count, be it before or while it runs', async () => {
  const waiting = await tasks.create()
  await call('PATCH', `workspacebuilds/${waiting.workspace_build_id}/cancel`)
  expect((await ledger(waiting.workspace_id)).filter(({ counted }) => counted)).toEqual([])
  const running = await tasks.create()
  const begun = Promise.withResolvers<BuildRun>()
  const end = Promise.withResolvers<BuildResult>()
  await using _ = await tasks.world.worker(
    both((run) => {
      begun.resolve(run)
      return end.promise
    }),
  )
  const { signal } = await begun.promise
  const asked = new Promise((resolve) => signal.addEventListener('abort', resolve))
  await call('PATCH', `workspacebuilds/${running.workspace_build_id}/cancel`)
  await asked
  end.resolve({ ...nothingMade, failure: failure('canceled', 'CANCELED') })
  await built(running.workspace_build_id)
  expect(await ledger(running.workspace_id)).toMatchObject([{ counted: false, reason: 'start_canceled' }])
})

test('a workspace that no task has does not count, whatever its template contains', async () => {
  await using _ = await tasks.world.worker(tasks.builder)
  const workspace = await call('POST', 'users/me/workspaces', { name: 'mine', template_version_id: tasks.versionId })
  await built(workspace.json.latest_build.id)
  expect(await ledger(workspace.json.id)).toMatchObject([{ counted: false, reason: 'no_task', task_id: null }])
})

test('an end that is reported twice, and by two servers at once, counts once', async () => {
  await using _ = await tasks.world.worker(tasks.builder)
  await using __ = await tasks.world.worker(tasks.builder)
  const before = await daily()
  const task = await tasks.create()
  await built(task.workspace_build_id)
  const { db, keyring } = tasks.world.identity
  const build = (await findBuild(db.sql, task.workspace_build_id))!
  const again = () =>
    db.transaction((tx) =>
      keepResult(tx, { keyring, build, result: nothingMade, times: testTimes, at: systemClock.now() }),
    )
  await Promise.all([again(), again(), again()])
  expect(await ledger(task.workspace_id)).toMatchObject([{ counted: true, build_id: build.id }])
  expect((await daily()) - before).toBe(1)
})

test('a start whose server died does not count, also when that comes back and says how well it went', async () => {
  const task = await tasks.create()
  const begun = Promise.withResolvers<BuildRun>()
  const end = Promise.withResolvers<BuildResult>()
  // A lease that nobody renews stands for a machine that died: whoever looks gives the job up.
  const dying = await tasks.world.worker(
    both((run) => {
      begun.resolve(run)
      return end.promise
    }),
    { leaseMs: 1_500, times: { beatMs: 60_000 } },
  )
  await begun.promise
  await using _ = await tasks.world.worker(tasks.builder, { times: { beatMs: 100 } })
  expect(await built(task.workspace_build_id)).toMatchObject({ status: 'failed' })
  end.resolve(nothingMade)
  await dying[Symbol.asyncDispose]()
  expect(await ledger(task.workspace_id)).toMatchObject([{ counted: false, reason: 'start_failed' }])
  await built((await call('POST', `tasks/me/${task.id}/resume`)).json.workspace_build.id)
  expect((await ledger(task.workspace_id)).filter(({ counted }) => counted)).toHaveLength(1)
})

test('a task that was deleted before its start ended does not count', async () => {
  const task = await tasks.create()
  const { sql: db } = tasks.world.identity.db
  // No verb does this while a build is under way; a database that was mended by hand might.
  await db.updateTable('tasks').set({ deleted_at: systemClock.now() }).where('id', '=', task.id).execute()
  await using _ = await tasks.world.worker(tasks.builder)
  await built(task.workspace_build_id)
  expect(await ledger(task.workspace_id)).toMatchObject([{ counted: false, reason: 'task_deleted', task_id: task.id }])
})
