import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { type Log, systemClock } from '@reeve/base'
import { DrainLoop } from './loop.ts'
import type { DrainSetup, FromDrain, ToDrain } from './messages.ts'

/**
 * The drain's thread. On Linux the priority is the thread's own: whatever it does, the thread that relays traffic comes
 * first. It logs through the server's thread, so that there is one stream of lines.
 */
const port = parentPort
if (port === null) throw new Error('this file is the drain worker; it is not started by itself')

try {
  setPriority(0, 19)
} catch {
  // Where it is not allowed the drain runs as everything else does.
}

const tell = (message: FromDrain): void => port.postMessage(message)

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

/** Errors of libraries carry things that cannot be sent to another thread. */
function plain(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      value instanceof Error ? `${value.name}: ${value.message}` : JSON.parse(JSON.stringify(value ?? null)),
    ]),
  )
}

// SAFETY: `drain.ts` starts this file, and gives it this.
const setup = workerData as DrainSetup
const loop = new DrainLoop({ ...setup, clock: systemClock, log: forwardedLog({}), tell })
port.on('message', (message: ToDrain) => {
  if (message.kind === 'durable') loop.advance(message.to)
  else loop.stop()
})
await loop.run()
port.close()
