import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '@reeve/base'

/** What one workspace may use; null for no bound of its own. */
export interface Bounds {
  readonly memoryBytes: number | null
  /** Processors' worth of time: 0.5 is half of one. */
  readonly cpus: number | null
}

/**
 * Groups of the kernel in which the processes of a workspace share a bound, one workspace each. They are made beside the
 * server's own group (version 2, where a group that has processes has no bounded ones below it) or below it (version 1),
 * so that whoever started the server still sees to both, and a bound that it has itself set above holds.
 */
export interface ControlGroups {
  /** Which bounds can be had here. */
  readonly can: { readonly memory: boolean; readonly cpu: boolean }
  /** Files to which a process writes 0 to be in the group, with all that it starts. */
  make(name: string, bounds: Bounds): readonly string[]
  /** Whether the kernel had to end a process that needed more memory than its group has. */
  hadTooLittle(name: string): boolean
  /** Of those whose processes are gone. */
  remove(name: string): Promise<void>
}

type Kind = 'memory' | 'cpu'

interface Place {
  readonly folder: string
  readonly kinds: readonly Kind[]
  readonly version: 1 | 2
}

const prefix = 'reeve-workspace-'
const periodUs = 100_000
const probeValues = { memory: 2 ** 40, cpu: 1_000 } as const
const removeTries = 40
const removePauseMs = 25

/** `own` is what `/proc/self/cgroup` says. */
export function controlGroups(mount = '/sys/fs/cgroup', own = text('/proc/self/cgroup')): ControlGroups {
  const places = placesOf(mount, own)
  const folderOf = (place: Place, name: string): string => join(place.folder, `${prefix}${name}`)
  const probe = `probe-${process.pid}`
  const works = (place: Place, kind: Kind): boolean => {
    const folder = folderOf(place, probe)
    const isTaken = makes(folder) && put(folder, settings[kind](place.version, probeValues[kind]))
    removed(folder)
    return isTaken
  }
  const usable = places
    .map((place) => ({ ...place, kinds: place.kinds.filter((kind) => works(place, kind)) }))
    .filter(({ kinds }) => kinds.length > 0)
  const has = (kind: Kind): boolean => usable.some(({ kinds }) => kinds.includes(kind))

  return {
    can: { memory: has('memory'), cpu: has('cpu') },
    make(name, { memoryBytes, cpus }) {
      const wanted = { memory: memoryBytes, cpu: cpus }
      return usable.map((place) => {
        const folder = folderOf(place, name)
        if (!makes(folder)) throw new Fault('unavailable', `the control group ${folder} cannot be made`)
        for (const kind of place.kinds) {
          if (!put(folder, settings[kind](place.version, wanted[kind])))
            throw new Fault('unavailable', `${folder} takes no bound of the ${kind}`)
        }
        return join(folder, 'cgroup.procs')
      })
    },
    hadTooLittle: (name) =>
      usable.some((place) => {
        const file = place.version === 2 ? 'memory.events' : 'memory.oom_control'
        return /^oom_kill [1-9]/m.test(text(join(folderOf(place, name), file)))
      }),
    async remove(name) {
      for (const place of usable) {
        // The last processes may be going still. What stays is empty, and is used again.
        for (let tries = 0; tries < removeTries && !removed(folderOf(place, name)); tries++) await wait(removePauseMs)
      }
    },
  }
}

/** Files and what is written to them; those that a kernel may not have come last, with a question mark. */
const settings: Readonly<
  Record<Kind, (version: 1 | 2, value: number | null) => readonly (readonly [string, string])[]>
> = {
  memory: (version, bytes) =>
    version === 2
      ? [
          ['memory.max', String(bytes ?? 'max')],
          ['memory.swap.max?', bytes === null ? 'max' : '0'],
        ]
      : [['memory.limit_in_bytes', String(bytes ?? -1)]],
  cpu: (version, cpus) => {
    const quota = cpus === null ? null : Math.round(cpus * periodUs)
    return version === 2
      ? [['cpu.max', `${quota ?? 'max'} ${periodUs}`]]
      : [
          ['cpu.cfs_period_us', String(periodUs)],
          ['cpu.cfs_quota_us', String(quota ?? -1)],
        ]
  },
}

/** In version 1 each bound has a hierarchy, and in version 2 all have one; a machine may have both. */
function placesOf(mount: string, own: string): readonly Place[] {
  const lines = own.split('\n').map((line) => line.split(':'))
  const first = (['memory', 'cpu'] as const).flatMap((kind): Place[] => {
    const line = lines.find(([, controllers = '']) => controllers.split(',').includes(kind))
    const folder = join(mount, kind, line?.[2] ?? '')
    return line === undefined || !existsSync(folder) ? [] : [{ folder, kinds: [kind], version: 1 }]
  })
  const second = lines.find(([number, controllers]) => number === '0' && controllers === '')?.[2]
  if (second === undefined || !existsSync(join(mount, 'cgroup.controllers'))) return first
  return [...first, { folder: join(mount, dirname(second)), kinds: ['memory', 'cpu'], version: 2 }]
}

function makes(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return existsSync(folder)
  }
}

function put(folder: string, values: readonly (readonly [string, string])[]): boolean {
  return values.every(([name, value]) => {
    try {
      writeFileSync(join(folder, name.replace('?', '')), value)
      return true
    } catch {
      return name.endsWith('?')
    }
  })
}

/** A group that is not empty stays. */
function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return !existsSync(folder)
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
