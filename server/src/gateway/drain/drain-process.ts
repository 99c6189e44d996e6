import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'
import { type Log, systemClock, toError } from '@reeve/base'
import { openExporter } from '../../tracing/otlp.ts'
import type { TraceSettings } from '../../tracing/settings.ts'
import { createSpanQueue, type SpanQueue } from '../../tracing/span-queue.ts'
import { DrainLoop } from './loop.ts'
import type { DrainSetup, FromDrain, ToDrain } from './messages.ts'
import { spansOf } from './spans.ts'
import type { Written } from './write.ts'

/**
 * The drain's process. It gives way to the process that relays traffic, with all of its threads. It logs through the
 * server, so that there is one stream of lines, and ends with it, however the server ends: signals that reach a whole
 * group of processes are left to the server, which lets a batch that is under way end.
 */
process.title = 'reeve drain'
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
giveWay()

let loop: DrainLoop | null = null
process.on('message', (message: ToDrain) => {
  if (message.kind === 'setup') void drain(message.setup)
  else if (message.kind === 'durable') loop?.advance(message.to)
  else loop?.stop()
})
// The server is gone.
process.on('disconnect', () => process.exit(0))

async function drain(setup: DrainSetup): Promise<void> {
  const log = forwardedLog({})
  // The loop comes first: what the server says meanwhile is for it.
  const spans = setup.trace === null ? null : openSpans(setup.trace, log)
  const onEnds = (ends: Written['ends']): void => void spans?.then((queue) => queue?.add(ends.flatMap(spansOf)))
  loop = new DrainLoop({ ...setup, clock: systemClock, log, tell, onEnds })
  await loop.run()
  await (await spans)?.[Symbol.asyncDispose]()
  process.disconnect?.()
}

/** Without it the record is kept all the same. */
async function openSpans(trace: TraceSettings, log: Log): Promise<SpanQueue | null> {
  try {
    return createSpanQueue({ send: await openExporter(trace), log, tell: (counts) => tell({ kind: 'spans', counts }) })
  } catch (thrown) {
    log.error({ err: toError(thrown) }, 'the record is not traced')
    return null
  }
}

function tell(message: FromDrain): void {
  process.send?.(message)
}

/** On Linux a priority belongs to a thread, and those that collect garbage are there before this file is read. */
function giveWay(): void {
  try {
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), 19)
  } catch {
    // Where it is not allowed the drain runs as everything else does.
  }
}

function forwardedLog(bound: object): Log {
  const at = (level: 'info' | 'warn' | 'error') => (facts: object, message: string) =>
    tell({ kind: 'log', level, message, facts: plain({ ...bound, ...facts }) })
  return {
    debug() {},
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (facts) => forwardedLog({ ...bound, ...facts }),
  }
}

/** Errors of libraries carry things that cannot be sent to another process. */
function plain(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      value instanceof Error ? `${value.name}: ${value.message}` : JSON.parse(JSON.stringify(value ?? null)),
    ]),
  )
}
