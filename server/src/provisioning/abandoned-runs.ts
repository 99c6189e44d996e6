import { lstatSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isUuid, type Log, toError, type Uuid } from '@reeve/base'
import { newestState, readOwn } from './run-state.ts'
import type { Account } from './sandbox.ts'

/** What a run left whose server was killed. */
export interface LeftState {
  readonly buildId: Uuid
  readonly state: Buffer
}

/** Finds a place for it; throws where it cannot now, and is to be asked again. False where it knows no such build. */
export type Rescue = (left: LeftState) => Promise<boolean>

const prefix = 'reeve-run-'
/** Beside the folders of the run, where the account that Terraform runs as writes nothing. */
const labelName = 'run.json'
const labelBytesMax = 4_096

/** In a container each server may have the same process id, so that it goes with the time of its start. */
export const runPrefix = (): string => `${prefix}${process.pid}-${startOf(process.pid)}-`

/** For a server that finds the folder when this one was killed. */
export function labelRun(root: string, buildId: Uuid | null, account: Account | null): void {
  const uid = account?.uid ?? process.getuid?.() ?? null
  const label = JSON.stringify({ build: buildId, uid, processes: processesSeen() })
  writeFileSync(join(root, labelName), label, { mode: 0o600, flag: 'wx' })
}

/**
 * Removes what runs left whose server was killed. Terraform has ended with it, and may have made things in its last
 * moments that it wrote down here and nowhere else: so the state of a build goes to `rescue` first. What finds no place
 * now stays for the next start; it holds this one up in no way. What others of this machine share has builds of their
 * deployments too, which stay for their servers; so do those of another container, whose processes nobody here sees live.
 */
export async function clearAbandoned(
  parent: string,
  { rescue, isShared = false, log }: { readonly rescue: Rescue; readonly isShared?: boolean; readonly log: Log },
): Promise<string[]> {
  const removed: string[] = []
  for (const name of namesIn(parent).filter(isAbandoned)) {
    const root = join(parent, name)
    try {
      const label = isOurs(root) ? readLabel(root) : {}
      if (isShared && label.processes !== processesSeen()) continue
      const left = readLeft(root, label)
      if (left !== null && !(await rescue(left)) && isShared) continue
    } catch (thrown) {
      log.error({ err: toError(thrown), folder: root }, 'the state that a killed server left is not kept yet')
      continue
    }
    if (remove(root)) removed.push(name)
  }
  return removed
}

function isAbandoned(name: string): boolean {
  const [, pid, start] = new RegExp(`^${prefix}(\\d+)-(\\d+)-`).exec(name) ?? []
  return pid !== undefined && startOf(Number(pid)) !== start
}

/** What others put beside ours, in a folder that we share, says nothing. */
export function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.()
}

/** Null where the run was not for a build, or had not got as far as a state. */
function readLeft(root: string, { build, uid }: Label): LeftState | null {
  if (typeof build !== 'string' || !isUuid(build) || typeof uid !== 'number') return null
  const state = newestState(root, uid)
  return state === null ? null : { buildId: build, state }
}

interface Label {
  readonly build?: unknown
  readonly uid?: unknown
  /** Those that the server sees: of the machine, or of its container. */
  readonly processes?: unknown
}

/** Of a server that was killed while it wrote it, nothing has begun yet. */
function readLabel(root: string): Label {
  const label = readOwn(join(root, labelName), undefined, labelBytesMax)
  try {
    return label === null ? {} : Object(JSON.parse(label.toString('utf8')))
  } catch {
    return {}
  }
}

const processesSeen = (): string => readlinkSync('/proc/self/ns/pid')

function remove(root: string): boolean {
  try {
    rmSync(root, { recursive: true, force: true })
    return true
  } catch {
    // Another user's, in a folder that we share.
    return false
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Another server that starts right now has cleared it.
    return []
  }
}

export function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // There is something in it, or it is gone already.
  }
}

/** When a process was started, in ticks since the machine was; with its id it is told from every other. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
