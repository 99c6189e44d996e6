import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

/**
 * CPU seconds that a process and its descendants have used since they began, those of children that have ended
 * included. Linux counts in hundredths of a second, which is fine for measurements of seconds. `without` leaves out the
 * processes of one name, as the kernel has it.
 */
export function treeCpuSeconds(root: number, without?: string): number {
  const stats = new Map<number, { parent: number; seconds: number }>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statOf(Number(name))
    if (fields === null) continue
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
    const seconds = commandOf(Number(name)) === without ? 0 : ticks / ticksPerSecond
    stats.set(Number(name), { parent: Number(fields[1]), seconds })
  }
  let seconds = stats.get(root)?.seconds ?? 0
  const tree = [root]
  for (const pid of tree) {
    for (const [child, { parent, seconds: used }] of stats) {
      if (parent !== pid) continue
      tree.push(child)
      seconds += used
    }
  }
  return seconds
}

/** CPU seconds that all processes of the machine have used. */
export function machineCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/\s+/)
  return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}

/** Begins now; tells how many cores processes that are no part of the benchmark have used since. */
export function foreignLoad(): () => number {
  const [machine, own, from] = [machineCpuSeconds(), treeCpuSeconds(process.pid), performance.now()]
  return () => {
    const seconds = Math.max(0.001, (performance.now() - from) / 1000)
    return (machineCpuSeconds() - machine - (treeCpuSeconds(process.pid) - own)) / seconds
  }
}

/** The kernel's name of a process; undefined when it is gone. */
export function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim()
  } catch {
    return undefined
  }
}

/** The fields of /proc/PID/stat from the state on; null when the process is gone. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}
