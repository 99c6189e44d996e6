import { type Log, toError } from '@reeve/base'
import { TaskStatus } from '@reeve/sdk'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { statusOfWord } from './lifecycle.ts'
import { countWords } from './queries.ts'

export interface TaskMetrics {
  /** By the phase that a task came to, as its owner was told. */
  transition(phase: string): void
  /** Why something could not be said to an agent. */
  sendFailed(reason: 'not_active' | 'busy' | 'unreachable' | 'refused'): void
  activeAfter(seconds: number): void
}

export function registerTaskMetrics(
  registry: Registry,
  { db, log }: { readonly db: Database; readonly log: Log },
): TaskMetrics {
  const registers = [registry]
  const gauge: Gauge<'status'> = new Gauge({
    name: 'reeve_tasks',
    help: 'Tasks that there are, by what they are. One number for all servers: each of them tells of all of it.',
    labelNames: ['status'],
    registers,
    aggregator: 'max',
    async collect() {
      gauge.reset()
      try {
        for (const status of TaskStatus.options) gauge.set({ status }, 0)
        for (const { word, count } of await countWords(db.sql)) gauge.inc({ status: statusOfWord(word) }, count)
      } catch (thrown) {
        // Nothing is shown then, rather than what was.
        gauge.reset()
        log.debug({ err: toError(thrown) }, 'the tasks cannot be counted')
      }
    },
  })
  const transitions = new Counter({
    name: 'reeve_task_transitions_total',
    help: 'What tasks came to, as this server told their owners.',
    labelNames: ['to'],
    registers,
  })
  const failures = new Counter({
    name: 'reeve_task_send_failures_total',
    help: 'Messages that did not reach the agent of a task.',
    labelNames: ['reason'],
    registers,
  })
  const active = new Histogram({
    name: 'reeve_task_active_seconds',
    help: 'From the making of a task until its agent could be talked to, as this server noticed it.',
    buckets: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800],
    registers,
  })
  return {
    transition: (to) => transitions.inc({ to }),
    sendFailed: (reason) => failures.inc({ reason }),
    activeAfter: (seconds) => active.observe(seconds),
  }
}
