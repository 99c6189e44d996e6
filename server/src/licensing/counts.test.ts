import { expect, test } from 'vitest'
import { counts, type FinishedBuild } from './counts.ts'

const task: FinishedBuild['task'] = { id: 't', name: 'write-tests', isDeleted: false }
const build = { job: 'succeeded', transition: 'start', number: 1, reason: 'initiator', task } as const

/** The scenarios of the product's own description, in its order. */
test.each<[string, Partial<FinishedBuild>, string]>([
  ['a developer creates a task to write end-to-end tests', {}, 'task_created'],
  ['a pipeline creates a task through the command line', { reason: 'cli' }, 'task_created'],
  ['a developer resumes an old task', { number: 7, reason: 'task_resume' }, 'task_resumed'],
  ['a developer starts a workspace for an editor', { task: null, reason: 'dashboard' }, 'no_task'],
  ['a developer creates a workspace and runs a coding agent in it himself', { task: null }, 'no_task'],
  ['a workspace whose agent uses the bridge and a boundary', { task: null, number: 2, reason: 'cli' }, 'no_task'],
])('%s', (_, change, reason) => {
  expect(counts({ ...build, ...change })).toMatchObject({ counted: change.task === undefined, reason })
})

test('the workspace of a task counts each time that it starts, whoever or whatever starts it', () => {
  const reasons = [
    'initiator',
    'dashboard',
    'cli',
    'ssh_connection',
    'vscode_connection',
    'jetbrains_connection',
    'new',
  ]
  for (const reason of reasons) {
    expect(counts({ ...build, number: 2, reason }), reason).toEqual({
      counted: true,
      trigger: 'manual_start',
      reason: 'task_workspace_started',
    })
  }
  expect(counts({ ...build, number: 2, reason: 'autostart' })).toMatchObject({ counted: true, trigger: 'autostart' })
})

test('of every combination only one counts: a start that succeeded, of a workspace that a task owns that is there', () => {
  for (const job of ['succeeded', 'failed', 'canceled'] as const) {
    for (const transition of ['start', 'stop', 'delete'] as const) {
      for (const owner of [task, null, { ...task, isDeleted: true }]) {
        const decision = counts({ ...build, job, transition, task: owner })
        const expected = job === 'succeeded' && transition === 'start' && owner === task
        expect(decision?.counted ?? false, `${job} ${transition} ${JSON.stringify(owner)}`).toBe(expected)
        expect(decision === null).toBe(transition !== 'start')
      }
    }
  }
})

test('what does not count says why', () => {
  const why = (change: Partial<FinishedBuild>) => counts({ ...build, ...change })?.reason
  expect(why({ job: 'failed' })).toBe('start_failed')
  expect(why({ job: 'canceled' })).toBe('start_canceled')
  expect(why({ task: { ...task, isDeleted: true } })).toBe('task_deleted')
  expect(why({ task: null, job: 'failed' })).toBe('no_task')
})
