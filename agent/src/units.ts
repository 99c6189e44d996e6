import { Fault } from '@reeve/base'

/** A piece of work as somebody who asks after it is told. */
export interface UnitStatus {
  readonly unit: string
  readonly status: 'pending' | 'started' | 'completed'
  /** Whether all that it waits for is complete. */
  readonly ready: boolean
  readonly waits_for: readonly string[]
}

/**
 * Pieces of the work of scripts that run beside one another, by names that the scripts agree on. One is pending from when
 * it is first named, started once it has been let go, and completed when its script says so; a script that runs again
 * starts it again. It is let go when all that it waits for is complete, also when that is named only later. Nothing
 * waits for itself, not even through others. It is forgotten when the agent ends, as the scripts then run anew.
 */
export interface Units {
  want(unit: string, dependencies: readonly string[]): void
  /** Resolves when it is let go; rejects with the signal's reason. */
  start(unit: string, signal: AbortSignal): Promise<void>
  complete(unit: string): void
  list(): readonly UnitStatus[]
}

interface Unit {
  status: UnitStatus['status']
  readonly waitsFor: Set<string>
}

const unitsMax = 1_000

export function openUnits(): Units {
  const units = new Map<string, Unit>()
  const wakers = new Set<() => void>()

  const unitOf = (name: string): Unit => {
    const known = units.get(name)
    if (known !== undefined) return known
    if (units.size >= unitsMax) throw new Fault('limited', `there are ${unitsMax} units already`)
    const made: Unit = { status: 'pending', waitsFor: new Set() }
    units.set(name, made)
    return made
  }
  const isReady = ({ waitsFor }: Unit) => [...waitsFor].every((name) => units.get(name)?.status === 'completed')
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true
    if (seen.has(from)) return false
    seen.add(from)
    return [...(units.get(from)?.waitsFor ?? [])].some((next) => reaches(next, to, seen))
  }

  return {
    want(name, dependencies) {
      const circle = dependencies.find((dependency) => reaches(dependency, name))
      if (circle !== undefined) throw new Fault('conflict', `${name} cannot wait for ${circle}, which waits for it`)
      const unit = unitOf(name)
      for (const dependency of dependencies) {
        unitOf(dependency)
        unit.waitsFor.add(dependency)
      }
    },
    async start(name, signal) {
      const unit = unitOf(name)
      while (!isReady(unit)) await changed(wakers, signal)
      unit.status = 'started'
    },
    complete(name) {
      const unit = units.get(name)
      if (unit === undefined) throw new Fault('not_found', `there is no unit ${name}`)
      unit.status = 'completed'
      for (const wake of wakers) wake()
    },
    list: () =>
      [...units].map(([name, unit]) => ({
        unit: name,
        status: unit.status,
        ready: isReady(unit),
        waits_for: [...unit.waitsFor],
      })),
  }
}

function changed(wakers: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => () => {
      wakers.delete(wake)
      signal.removeEventListener('abort', abort)
      then()
    }
    const wake = settle(resolve)
    const abort = settle(() => reject(signal.reason))
    if (signal.aborted) return abort()
    wakers.add(wake)
    signal.addEventListener('abort', abort)
  })
}
