import { manualClock, silentLog } from '@reeve/base'
import type { Fact } from '../../boundary/src/audit/event.ts'
import { createRecorder, nothing } from '../../boundary/src/audit/recorder.ts'
import { openSpool } from '../../boundary/src/audit/spool.ts'
import { nodeSpoolFiles } from '../../boundary/src/audit/spool-files.ts'
import { SpoolReader } from '../../boundary/src/audit/spool-reader.ts'
import { systemTimers } from '../../boundary/src/timers.ts'

/** A session in which everything happens that a line can tell of, with its clock and its ids held still. */
export async function recordLines(directory: string): Promise<string[]> {
  const clock = manualClock('2026-11-21T10:00:00Z')
  const timers = systemTimers
  let denials = 0
  const spool = openSpool({ files: nodeSpoolFiles(directory), clock, timers, log: silentLog })
  await using recorder = createRecorder({
    session: '01934f2a-0000-7000-8000-000000000001',
    tier: 1,
    policy: () => ({ name: 'claude-task', version: 17 }),
    spool,
    clock,
    timers,
    newDenial: () => `dny_${String(denials++).padStart(26, '0')}`,
    bytesMax: 12_000,
  })
  for (const fact of facts) {
    recorder.record(fact)
    clock.advance(250)
  }
  // More of one name than has lines of its own, and more that is allowed than there is room for.
  for (let i = 0; i < 14; i++) recorder.record(lookup(`${i}.tunnel.evil.test`))
  for (let i = 0; i < 30; i++) recorder.record(allowed)
  await recorder.flush()
  recorder.record({ ...nothing, kind: 'end', facts: { how: 'ended', exit_code: 0, signal: null } })
  // What was recorded before is never changed: a kind that came later stands behind it.
  recorder.record({ ...nothing, ...denied, kind: 'call', rule: 'floor', reason: 'system-call', process: curl, facts: { call: 'ptrace' } }) // prettier-ignore
  await recorder.flush()
  const reader = new SpoolReader(directory)
  const lines = reader.next().map(({ bytes }) => bytes.toString())
  reader.close()
  return lines
}

const curl = {
  pid: 4312,
  exe: '/usr/bin/curl',
  argv: ['curl', '-H', 'Authorization: Bearer hunter2', 'https://dana:hunter2@api.test/v1/x?token=hunter2'],
  tree: ['claude', 'bash', 'curl'],
}

const allowed: Fact = {
  ...nothing,
  kind: 'net',
  rule: 'api',
  policy: 'organization@v3',
  process: curl,
  net: {
    protocol: 'h2',
    method: 'POST',
    url: 'https://dana:hunter2@api.test/v1/ü?token=hunter2&page=2',
    host: 'api.test',
    port: 443,
    address: '203.0.113.9',
    inspected: true,
    status: 200,
    bytes_up: 812,
    bytes_down: 4_096,
    duration_ms: 31.25,
  },
}

const denied = { decision: 'deny', would: 'deny', rule: 'default', reason: 'no-matching-rule' } as const

const lookup = (name: string): Fact => ({ ...nothing, ...denied, kind: 'dns', dns: { name, type: 'A', count: 1 } })

const facts: readonly Fact[] = [
  { ...nothing, facts: { command: 'claude', jail: 'namespaces', kernel: '6.18.0', client_version: '0.1.0' } },
  { ...nothing, kind: 'policy', facts: { version: 41, source: 'signed' } },
  allowed,
  { ...allowed, ...denied, net: { ...allowed.net!, host: 'evil.test', address: null, status: 403, duration_ms: null } },
  { ...allowed, would: 'deny', reason: 'no-matching-rule' },
  { ...nothing, ...denied, kind: 'file', file: { op: 'unlink', path: '/home/dana/.ssh/id_ed25519', count: 1 } },
  {
    ...nothing,
    ...denied,
    kind: 'exec',
    rule: 'force-push',
    reason: 'rule',
    process: { pid: 4320, exe: null, argv: [], tree: ['claude'] },
    exec: { path: '/usr/bin/git', argv: ['git', 'push', '--force'], cwd: '/work' },
  },
  { ...nothing, kind: 'access', facts: { request: '01934f2a-0000-7000-8000-00000000aaaa', status: 'approved' } },
  { ...nothing, ...denied, kind: 'tamper', reason: null, rule: 'boundary', facts: { what: 'policy', why: 'older' } },
]
