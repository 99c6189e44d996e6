import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface ProcessSeen {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Every process that works in a folder: PostgreSQL's children do, and a server names it in its environment. */
export function processesUsing(folder: string): ProcessSeen[] {
  return processes().filter(({ pid, command }) => {
    const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`))
    const environment = quietly(() => readFileSync(`/proc/${pid}/environ`, 'latin1'))
    return pid !== process.pid && (command.includes(folder) || cwd.startsWith(folder) || environment.includes(folder))
  })
}

/** A process and everything that descends from it. */
export function processTree(root: number): number[] {
  const all = processes()
  const tree = [root]
  for (const pid of tree) tree.push(...all.filter(({ parent }) => parent === pid).map((child) => child.pid))
  return tree
}

/** What a process has started, itself. */
export const childrenOf = (pid: number): ProcessSeen[] => processes().filter(({ parent }) => parent === pid)

/** What a process and all that it has started have started, with this in its command. */
export function descendantsOf(pid: number, command: string): ProcessSeen[] {
  const tree = new Set(processTree(pid))
  return processes().filter((one) => tree.has(one.parent) && one.command.includes(command))
}

/** Those of them that run still; a process id alone may be somebody else's by now. */
export const stillRunning = (seen: readonly ProcessSeen[]): ProcessSeen[] =>
  processes().filter(({ pid, command }) => seen.some((one) => one.pid === pid && one.command === command))

/** Resident memory in bytes; 0 when the process is gone. */
export function residentBytes(pid: number): number {
  const status = quietly(() => readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}

function processes(): ProcessSeen[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap((pid) => {
      const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (parent === undefined || state === 'Z') return []
      const command = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
        .replaceAll('\0', ' ')
        .trim()
      return [{ pid, parent: Number(parent), command }]
    })
}

/** Processes end while they are being looked at: what cannot be read any more reads as empty. */
function quietly(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

/** How many files this process, and those that it starts, may have open at once. */
export function filesMax(): number {
  const [, hard = '0'] = /^Max open files +\S+ +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return hard === 'unlimited' ? Infinity : Number(hard)
}
