import { readFileSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A process of this machine, told from every other that ever has its number. */
export interface KnownProcess {
  readonly pid: number
  /** In ticks since the machine was started. */
  readonly start: string
}

/** What is on disk of a jail that was started. */
export interface ProcessRecord {
  /** Of the run of the machine. */
  readonly boot: string
  /** The first process of the jail, which all others end with. */
  readonly first: KnownProcess
  /** The one that runs the script, and is asked to end. */
  readonly main: KnownProcess
  /** What connects its network with the machine's, which ends with the first; null where it has none of its own. */
  readonly network: KnownProcess | null
}

const recordFile = (folder: string): string => join(folder, 'process.json')

/** It is on disk when this is done, also after a loss of power. */
export async function keepRecord(folder: string, record: ProcessRecord): Promise<void> {
  const path = recordFile(folder)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(record))
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  const parent = await open(dirname(path), 'r')
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}

export async function readRecord(folder: string): Promise<ProcessRecord | null> {
  try {
    // SAFETY: written above, in a folder that only the server writes to.
    return { network: null, ...JSON.parse(await readFile(recordFile(folder), 'utf8')) } as ProcessRecord
  } catch {
    return null
  }
}

export const forgetRecord = (folder: string): Promise<void> => rm(recordFile(folder), { force: true })

export const idOf = ({ boot, first }: ProcessRecord): string => `${boot}/${first.pid}/${first.start}`

/** The processes of a record that run still; of those of another run of the machine none does. */
export function isAlive(record: ProcessRecord, which: 'first' | 'main' | 'network'): boolean {
  const known = record[which]
  return known !== null && record.boot === bootId() && knownProcess(known.pid)?.start === known.start
}

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()

/** Null where there is none of this number, or nothing of it but its exit code. */
export function knownProcess(pid: number): KnownProcess | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const start = rest[18]
    return state === 'Z' || state === 'X' || start === undefined ? null : { pid, start }
  } catch {
    return null
  }
}

/** The first child of a process: in a jail the one that runs the script; null where there is none yet. */
export function firstChild(pid: number): KnownProcess | null {
  const child = childrenOf(pid)[0]
  return child === undefined ? null : knownProcess(child)
}

/** Its child that is the first process of a namespace of its own; null where there is none yet. */
export const firstInside = (pid: number): number | null =>
  childrenOf(pid).find((child) => /^NSpid:\t\d+\t(?:\d+\t)*1$/m.test(textOf(`/proc/${child}/status`))) ?? null

const childrenOf = (pid: number): readonly number[] =>
  textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
