import {
  type AgentAppHealth,
  type AgentLifecycle,
  type ProvisionerJob,
  TaskStatus,
  WorkspaceTransition,
} from '@reeve/sdk'
import { describe, expect, test } from 'vitest'
import {
  lineOf,
  limitOf,
  type Phase,
  phaseAfter,
  statusOf,
  statusOfWord,
  type TaskFacts,
  wordOf,
  wordsOf,
} from './lifecycle.ts'

type Job = ProvisionerJob['status']
const of = (
  job: Job,
  transition: WorkspaceTransition,
  lifecycle: AgentLifecycle | null = null,
  health: AgentAppHealth | null = null,
): TaskFacts => ({ build: { job, transition }, lifecycle, health })
const well = (health: AgentAppHealth | null, lifecycle: AgentLifecycle = 'ready') =>
  of('succeeded', 'start', lifecycle, health)

describe('a task is what the first layer says that is not well', () => {
  const transitions = WorkspaceTransition.options
  const rows: readonly [string, TaskStatus, readonly TaskFacts[]][] = [
    ['there is no workspace', 'pending', [{ build: null, lifecycle: null, health: null }]],
    ['the start waits', 'pending', [of('pending', 'start'), of('pending', 'start', 'ready', 'healthy')]],
    ['a build failed', 'error', transitions.map((transition) => of('failed', transition, 'ready', 'healthy'))],
    ['a build is being canceled', 'error', transitions.map((transition) => of('canceling', transition))],
    ['a build was canceled', 'error', transitions.map((transition) => of('canceled', transition))],
    ['it was stopped', 'paused', [of('succeeded', 'stop'), of('succeeded', 'stop', 'off', 'healthy')]],
    ['it was deleted', 'paused', [of('succeeded', 'delete')]],
    [
      'it is being stopped or deleted',
      'unknown',
      (['pending', 'running'] as const).flatMap((job) => [of(job, 'stop'), of(job, 'delete', 'ready', 'healthy')]),
    ],
    ['the build runs', 'initializing', [of('running', 'start')]],
    ['there is no agent', 'initializing', [of('succeeded', 'start')]],
    ['the agent is not there yet', 'initializing', [well('healthy', 'created'), well('disabled', 'starting')]],
    ['the app starts', 'initializing', [well('initializing')]],
    ['the app is not well', 'error', [well('unhealthy')]],
    ['the app is well', 'active', [well('healthy')]],
    ['nobody looks after the app', 'active', [well('disabled')]],
    ['the start scripts failed', 'active', [well('healthy', 'start_error'), well('healthy', 'start_timeout')]],
    ['the agent answers while its build ends', 'active', [of('running', 'start', 'ready', 'healthy')]],
    ['the template names no app', 'unknown', [well(null)]],
    [
      'the agent ends',
      'unknown',
      (['shutting_down', 'off', 'shutdown_error', 'shutdown_timeout'] as const).map((one) => well('healthy', one)),
    ],
  ]
  for (const [what, status, facts] of rows) {
    test(`${status}: ${what}`, () => expect(facts.map(statusOf)).toEqual(facts.map(() => status)))
  }

  test('queries know it by the same table', () => {
    for (const facts of rows.flatMap(([, , each]) => each)) {
      const word = wordOf(facts)
      expect(statusOfWord(word)).toBe(statusOf(facts))
      expect(TaskStatus.options.filter((one) => wordsOf(one).includes(word))).toEqual([statusOf(facts)])
    }
  })
})

test('as long as nobody has said anything, a line says what is waited for', () => {
  expect(lineOf({ build: null, lifecycle: null, health: null })).toContain('workspace')
  for (const facts of [of('pending', 'start'), of('running', 'start'), well('initializing'), well(null, 'starting')]) {
    expect(lineOf(facts)).not.toBeNull()
  }
  expect(lineOf(well('healthy'))).toBeNull()
  expect(lineOf(of('succeeded', 'stop'))).toBeNull()
})

test('what is told: each phase once, and that it goes on before what it does then', () => {
  const seen = (status: TaskStatus, state: Parameters<typeof phaseAfter>[1]['state'] = null) => ({
    status,
    state,
    isDeleted: false,
  })
  const told = [
    seen('pending'),
    seen('initializing'),
    seen('active'),
    seen('active', 'idle'),
    seen('unknown'),
    seen('paused'),
    seen('active', 'idle'),
    seen('active', 'idle'),
    seen('active', 'failed'),
    seen('active', 'working'),
    seen('error'),
    seen('pending'),
    { ...seen('active'), isDeleted: true },
    seen('active', 'working'),
  ].reduce<Phase[]>((all, one) => [...all, phaseAfter(all.at(-1) ?? 'created', one)], [])
  expect(told).toEqual([
    'created',
    'created',
    'working',
    'idle',
    'idle',
    'paused',
    'resumed',
    'idle',
    'failed',
    'working',
    'failed',
    'resumed',
    'deleted',
    'deleted',
  ])
})

test('a limit is reached with its last token or second, and none is never reached', () => {
  const none = { token_budget: null, tokens_used: 1e12, time_limit_seconds: null, seconds_used: 1e9 }
  expect(limitOf(none)).toBe('')
  expect(limitOf({ ...none, token_budget: 1e12 + 1 })).toBe('')
  expect(limitOf({ ...none, token_budget: 1e12 })).toBe('tokens')
  expect(limitOf({ ...none, time_limit_seconds: 1e9 })).toBe('time')
})
