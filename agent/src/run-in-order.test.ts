import type { AgentManifest, AgentScriptStatus } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { runInOrder } from './run-in-order.ts'

type Script = AgentManifest['scripts'][number]
type Wait = Script['after'][number]

const script = (id: string, ...after: (string | Partial<Wait>)[]): Script => ({
  id,
  source: id,
  script: 'true',
  stages: ['start', 'stop'],
  cron: '',
  log_path: '',
  timeout_seconds: 0,
  after: after.map((wait) => ({
    script: '',
    stage: 'start',
    requires: 'success',
    ...(typeof wait === 'string' ? { script: wait } : wait),
  })),
})

/** Runs them, and tells what began and what was over, in this order. */
async function watched(scripts: readonly Script[], how: Readonly<Record<string, AgentScriptStatus>> = {}) {
  const seen: string[] = []
  const ends = await runInOrder(scripts, 'start', {
    run: async ({ id }) => {
      seen.push(`${id} begins`)
      await Promise.resolve()
      seen.push(`${id} ends`)
      return how[id] ?? 'ok'
    },
    skip: ({ id }, other) => {
      seen.push(`${id} without ${other.id}`)
      return 'skipped'
    },
  })
  return { seen, ends }
}

test('scripts that wait for nothing begin side by side', async () => {
  const { seen } = await watched([script('a'), script('b')])
  expect(seen).toEqual(['a begins', 'b begins', 'a ends', 'b ends'])
})

test('a script begins when all is over that it waits for, whatever their places', async () => {
  const { seen, ends } = await watched([script('last', 'middle', 'first'), script('middle', 'first'), script('first')])
  expect(seen.filter((line) => line.endsWith('begins'))).toEqual(['first begins', 'middle begins', 'last begins'])
  expect(seen.indexOf('last begins')).toBeGreaterThan(seen.indexOf('middle ends'))
  expect(ends).toEqual(['ok', 'ok', 'ok'])
})

test('what needs a success is left out after a failure, and so is what waits for that; a report comes all the same', async () => {
  const report = script('report', { script: 'use', requires: 'completion' })
  const { seen, ends } = await watched([script('clone'), script('use', 'clone'), script('more', 'use'), report], {
    clone: 'exit_failure',
  })
  expect(ends).toEqual(['exit_failure', 'skipped', 'skipped', 'ok'])
  expect(seen).toEqual(expect.arrayContaining(['use without clone', 'more without use', 'report begins']))
})

test('what left something running has succeeded', async () => {
  expect((await watched([script('serve'), script('use', 'serve')], { serve: 'pipes_left_open' })).ends[1]).toBe('ok')
})

test('rules of another stage, and of scripts that are not there, hold nobody up', async () => {
  const { ends } = await watched([script('a', { script: 'b', stage: 'stop' }, 'gone'), script('b', 'a')])
  expect(ends).toEqual(['ok', 'ok'])
})
