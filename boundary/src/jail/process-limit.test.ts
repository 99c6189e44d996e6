import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { systemTimers } from '../timers.ts'
import { canLimitProcesses, openProcessLimit } from './process-limit.ts'

const options = { userId: 0, session: 'session-of-a-test', clock: systemClock, timers: systemTimers }
/** A process that nobody here can see: it is in a container, or it is gone. */
const unseen = 'reeve-boundary-999999999-elsewhere'

test('the group of a boundary elsewhere stays until its command can have entered it, then it is swept', async (context) => {
  if (process.getuid?.() !== 0 || !canLimitProcesses()) context.skip('needs root and a control group')
  const open = (clock = systemClock) => openProcessLimit({ ...options, clock })!
  const first = open()
  const group = join(dirname(dirname(first.joinFile)), unseen)
  await first[Symbol.asyncDispose]()
  mkdirSync(group)
  try {
    await open()[Symbol.asyncDispose]()
    expect(existsSync(group)).toBe(true)
    await open({ ...systemClock, now: () => new Date(Date.now() + 120_000) })[Symbol.asyncDispose]()
    expect(existsSync(group)).toBe(false)
  } finally {
    if (existsSync(group)) rmdirSync(group)
  }
})
