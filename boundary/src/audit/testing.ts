import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, manualClock, silentLog } from '@reeve/base'
import { systemTimers, type Timers } from '../timers.ts'
import type { Fact } from './event.ts'
import { createRecorder, nothing, type RecorderOptions, type SessionRecorder } from './recorder.ts'
import { openSpool, type Spool, type SpoolOptions } from './spool.ts'
import { nodeSpoolFiles } from './spool-files.ts'

export const testSession = '01934f2a-0000-7000-8000-000000000001'

export function scratchDirectory(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'reeve-boundary-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A clock that stands still, and timers that run when it is moved. */
export function manualTime(): { readonly clock: Clock; readonly timers: Timers; advance(ms: number): Promise<void> } {
  const clock = manualClock('2026-11-21T10:00:00Z')
  const waiting = new Set<{ readonly at: number; readonly work: () => void }>()
  const timers: Timers = {
    after(ms, work) {
      const timer = { at: clock.monotonicMs() + ms, work }
      waiting.add(timer)
      return () => waiting.delete(timer)
    },
  }
  return {
    clock,
    timers,
    async advance(ms) {
      const end = clock.monotonicMs() + ms
      for (;;) {
        const next = [...waiting].toSorted((a, b) => a.at - b.at)[0]
        if (next === undefined || next.at > end) break
        clock.advance(Math.max(0, next.at - clock.monotonicMs()))
        waiting.delete(next)
        next.work()
        await settled()
      }
      clock.advance(end - clock.monotonicMs())
      await settled()
    },
  }
}

/** What was set going has run as far as it can without the disk and the network. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export function testSpool(directory: string, options: Partial<SpoolOptions> = {}): Spool {
  const { clock } = manualTime()
  return openSpool({ files: nodeSpoolFiles(directory), clock, timers: systemTimers, log: silentLog, ...options })
}

export function testRecorder(
  directory: string,
  options: Partial<RecorderOptions> & { readonly spoolOptions?: Partial<SpoolOptions> } = {},
): SessionRecorder {
  const { spoolOptions, ...rest } = options
  const { clock, timers } = manualTime()
  return createRecorder({
    session: testSession,
    tier: 1,
    policy: () => ({ name: 'claude-task', version: 17 }),
    spool: testSpool(directory, spoolOptions),
    clock,
    timers,
    ...rest,
  })
}

export function netFact(
  decision: 'allow' | 'deny',
  { host = 'api.test', path = '/v1/x' }: { readonly host?: string; readonly path?: string } = {},
): Fact {
  return {
    ...nothing,
    kind: 'net',
    decision,
    would: decision,
    rule: decision === 'allow' ? 'api' : 'default',
    reason: decision === 'allow' ? 'rule' : 'no-matching-rule',
    process: { pid: 4312, exe: '/usr/bin/curl', argv: ['curl', `https://${host}${path}`], tree: ['claude', 'curl'] },
    net: {
      protocol: 'http/1.1',
      method: 'GET',
      url: `https://${host}${path}`,
      host,
      port: 443,
      address: decision === 'allow' ? '203.0.113.9' : null,
      inspected: true,
      status: decision === 'allow' ? 200 : 403,
      bytes_up: 0,
      bytes_down: 12,
      duration_ms: 3,
    },
  }
}

export function dnsFact(name: string): Fact {
  const decided = { decision: 'deny', would: 'deny', rule: 'default', reason: 'no-matching-rule' } as const
  return { ...nothing, ...decided, kind: 'dns', dns: { name, type: 'A', count: 1 } }
}
