import { writeSync } from 'node:fs'
import { Secret, silentLog, systemClock } from '@reeve/base'
import { netFact } from '../audit/testing.ts'
import { openSession } from '../session.ts'
import { systemTimers } from '../timers.ts'

/** A boundary that records a denial, says its session and the denial's id, and lives until it is killed. */
const [state = '', url = ''] = process.argv.slice(2)
const about = {
  command: 'claude',
  hostname: 'box',
  clientVersion: '0.1.0',
  tier: 1,
  jail: 'namespaces',
  kernel: '6',
} as const
const session = await openSession({
  state,
  control: { url, token: new Secret('a-token') },
  local: null,
  about: { ...about, policy: null },
  env: {},
  clock: systemClock,
  timers: systemTimers,
  random: Math.random,
  log: silentLog,
  userId: process.getuid?.() ?? null,
  onStop: () => {},
})
const { denial } = session.recorder.record(netFact('deny'))
await session.recorder.flush()
writeSync(1, JSON.stringify({ id: session.id, denial }))
setInterval(() => {}, 60_000)
