import { Fault } from '@reeve/base'
import type { LocalRoute } from './local-socket.ts'
import { openUnits } from './units.ts'

const waitMsMax = 24 * 60 * 60 * 1000

/** By which the scripts of a workspace wait for one another. */
export function unitRoutes(): Readonly<Record<string, LocalRoute>> {
  const units = openUnits()
  return {
    'GET /units': () => ({ units: units.list() }),
    'POST /units/want': (_, body) => {
      const { unit, dependencies } = Object(body)
      if (!Array.isArray(dependencies)) throw new Fault('invalid', 'dependencies are a list')
      units.want(nameOf(unit), dependencies.map(nameOf))
      return null
    },
    'POST /units/start': async (_, body, signal) => {
      const { unit, timeout_ms: timeoutMs } = Object(body)
      const name = nameOf(unit)
      const isTime = typeof timeoutMs === 'number' && timeoutMs >= 0 && timeoutMs <= waitMsMax
      if (!isTime) throw new Fault('invalid', `a time limit is between 0 and ${waitMsMax} milliseconds`)
      const late = AbortSignal.timeout(timeoutMs)
      try {
        await units.start(name, AbortSignal.any([signal, late]))
      } catch (thrown) {
        if (!late.aborted && !signal.aborted) throw thrown
        const open = units.list().find((one) => one.unit === name)
        throw new Fault('unavailable', `${name} still waits: ${open?.waits_for.join(', ')}`, { cause: thrown })
      }
      return null
    },
    'POST /units/complete': (_, body) => {
      units.complete(nameOf(Object(body).unit))
      return null
    },
  }
}

function nameOf(value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= 256) return value.toWellFormed()
  throw new Fault('invalid', 'a unit has a name of at most 256 characters')
}
