import { expect, test } from 'vitest'
import { childEnvironment } from './child-environment.ts'

test('a process that we start finds its libraries and its time zone, and none of our keys', () => {
  const needed = { PATH: '/bin', LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: '/srv/reeve/node_modules/.libraries' }
  const ours = { REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk', LD_PRELOAD: '/tmp/x.so', NODE_OPTIONS: '--inspect', AWS_KEY: 'x' }
  expect(childEnvironment({ ...needed, ...ours })).toEqual(needed)
})
