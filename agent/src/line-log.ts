import { type Log, systemClock } from '@reeve/base'

/** A line of JSON on stderr for each thing that is told: what runs the agent keeps it where it keeps such lines. */
export function lineLog(bound: object = {}): Log {
  const at = (level: string) => (facts: object, message: string) => {
    process.stderr.write(`${JSON.stringify({ level, time: systemClock.now(), ...bound, ...facts, message })}\n`)
  }
  return {
    debug() {},
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (facts) => lineLog({ ...bound, ...facts }),
  }
}
