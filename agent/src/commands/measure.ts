import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '@reeve/base'

/** What is used of what there is, in bytes or cores; a total of null is not known. */
export interface Use {
  readonly used: number
  readonly total: number | null
}

/** Where the kernel tells; tests have folders of their own. */
export interface Places {
  readonly proc: string
  readonly cgroup: string
}

const places: Places = { proc: '/proc', cgroup: '/sys/fs/cgroup' }
const sampleMs = 250

/** The memory of the container, by the second version of control groups, by the first, or else of the machine. */
export function memoryUse(ofHost: boolean, { proc, cgroup }: Places = places): Use {
  const machine = memoryOfMachine(proc)
  if (ofHost) return machine
  const limit = (bytes: number | null): number | null => {
    const total = machine.total ?? Number.POSITIVE_INFINITY
    // Without a limit a container has the machine's; the first version then shows an immense one.
    return bytes === null || bytes >= total ? machine.total : bytes
  }
  const second = numberIn(`${cgroup}/memory.current`)
  if (second !== null) {
    const cache = fieldIn(`${cgroup}/memory.stat`, 'inactive_file') ?? 0
    return { used: Math.max(0, second - cache), total: limit(numberIn(`${cgroup}/memory.max`)) }
  }
  const first = numberIn(`${cgroup}/memory/memory.usage_in_bytes`)
  if (first === null) return machine
  const cache = fieldIn(`${cgroup}/memory/memory.stat`, 'total_inactive_file') ?? 0
  return { used: Math.max(0, first - cache), total: limit(numberIn(`${cgroup}/memory/memory.limit_in_bytes`)) }
}

function memoryOfMachine(proc: string): Use {
  const field = (name: string): number => (fieldIn(`${proc}/meminfo`, `${name}:`) ?? 0) * 1_024
  const total = field('MemTotal')
  return { used: total - field('MemAvailable'), total: total === 0 ? null : total }
}

/** Cores in use, as seen over a quarter of a second. */
export async function cpuUse(ofHost: boolean, from: Places = places): Promise<Use> {
  const sample = (): number => (ofHost ? null : cpuSecondsOfContainer(from)) ?? cpuSecondsOfMachine(from)
  const [beganMs, before] = [systemClock.monotonicMs(), sample()]
  await wait(sampleMs)
  const seconds = (systemClock.monotonicMs() - beganMs) / 1_000
  return {
    used: Math.max(0, (sample() - before) / seconds),
    total: (ofHost ? null : coresOfContainer(from)) ?? (ofHost ? cpus().length : availableParallelism()),
  }
}

function cpuSecondsOfContainer({ cgroup }: Places): number | null {
  // The root of the second version has no memory.current: then this is the machine, and /proc tells.
  const micros = numberIn(`${cgroup}/memory.current`) === null ? null : fieldIn(`${cgroup}/cpu.stat`, 'usage_usec')
  if (micros !== null) return micros / 1e6
  const nanos = numberIn(`${cgroup}/cpuacct/cpuacct.usage`) ?? numberIn(`${cgroup}/cpu,cpuacct/cpuacct.usage`)
  return nanos === null ? null : nanos / 1e9
}

/** Hundredths of a second, of all but waiting; as Linux shows them everywhere. */
function cpuSecondsOfMachine({ proc }: Places): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0] = (read(`${proc}/stat`) ?? '')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + soft) / 100
}

function coresOfContainer({ cgroup }: Places): number | null {
  const [quota, period] = (read(`${cgroup}/cpu.max`) ?? '').trim().split(' ').map(Number)
  if (quota !== undefined && period !== undefined && quota > 0 && period > 0) return quota / period
  for (const folder of ['cpu', 'cpu,cpuacct']) {
    const micros = numberIn(`${cgroup}/${folder}/cpu.cfs_quota_us`)
    const each = numberIn(`${cgroup}/${folder}/cpu.cfs_period_us`)
    if (micros !== null && each !== null && micros > 0 && each > 0) return micros / each
  }
  return null
}

export function diskUse(path: string): Use {
  const { blocks, bfree, bsize } = statfsSync(path)
  return { used: (blocks - bfree) * bsize, total: blocks * bsize }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** Null where the file is not there, or has no number in it, as `max`. */
function numberIn(path: string): number | null {
  const text = read(path)?.trim() ?? ''
  return /^-?\d+$/.test(text) ? Number(text) : null
}

/** The number after this word at the beginning of a line. */
function fieldIn(path: string, name: string): number | null {
  const line = (read(path) ?? '').split('\n').find((each) => each.split(/\s+/)[0] === name)
  const value = Number(line?.split(/\s+/)[1])
  return Number.isFinite(value) ? value : null
}
