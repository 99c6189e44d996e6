import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, uuidv7 } from '@reeve/base'
import type { Snapshot, SnapshotEntry, SnapshotStore } from './snapshot-store.ts'

export interface SnapshotAsked {
  readonly store: SnapshotStore
  readonly workspace: string
  readonly session: string | null
  readonly clock: Clock
  readonly limits?: SnapshotLimits
}

export interface SnapshotLimits {
  /** Names that are not kept at any depth: what a package manager brings back. */
  readonly ignore: readonly string[]
  readonly entriesMax: number
  readonly bytesMax: number
  readonly timeoutMs: number
}

export const usualLimits: SnapshotLimits = {
  ignore: ['node_modules', '.venv'],
  entriesMax: 500_000,
  bytesMax: 4 * 1024 ** 3,
  timeoutMs: 10_000,
}

/**
 * Keeps the workspace as it is, `.git` with it. A file that has not been written to since the snapshot before is not
 * read again. Past a limit the rest is left out and named: a part is worth more than nothing, and nobody is told that
 * it is the whole.
 */
export function takeSnapshot({ store, workspace, session, clock, limits = usualLimits }: SnapshotAsked): Snapshot {
  const before = new Map(store.latest()?.entries.map((entry) => [entry.path, entry]))
  const now = clock.now()
  const started = clock.monotonicMs()
  const entries: SnapshotEntry[] = []
  const left: { path: string; why: string }[] = []
  let bytes = 0
  const spent = (): string | null => {
    if (entries.length >= limits.entriesMax) return `more than ${limits.entriesMax} entries`
    if (bytes >= limits.bytesMax) return `more than ${limits.bytesMax} bytes`
    return clock.monotonicMs() - started > limits.timeoutMs ? `longer than ${limits.timeoutMs} ms` : null
  }
  const visit = (folder: string): void => {
    for (const name of inOrder(readdirSync(join(workspace, folder)))) {
      const path = folder === '' ? name : `${folder}/${name}`
      const why = limits.ignore.includes(name) ? 'ignored' : name.includes('\ufffd') ? 'its name is not UTF-8' : spent()
      if (why !== null) {
        left.push({ path, why })
        continue
      }
      try {
        const entry = keep(path, lstatSync(join(workspace, path), { bigint: true }))
        if (entry === null) left.push({ path, why: 'neither file, folder nor link' })
        else entries.push(entry)
        if (entry?.kind === 'folder') visit(path)
      } catch (error) {
        left.push({ path, why: error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read' })
      }
    }
  }
  const keep = (path: string, stat: BigIntStats): SnapshotEntry | null => {
    const common = { path, mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid) }
    if (stat.isDirectory()) return { ...common, kind: 'folder' }
    if (stat.isSymbolicLink()) return { ...common, kind: 'link', target: readlinkSync(join(workspace, path)) }
    if (!stat.isFile()) return null
    const stamp = stampOf(stat)
    const known = before.get(path)
    const same = known?.kind === 'file' && known.stamp === stamp ? known : null
    const { hash, size } = same ?? store.keep(join(workspace, path))
    bytes += same === null ? size : 0
    return { ...common, kind: 'file', size, hash, mtimeMs: Number(stat.mtimeMs), stamp }
  }
  visit('')
  const snapshot: Snapshot = {
    v: 1,
    id: uuidv7(now),
    workspace,
    time: now.toISOString(),
    session,
    entries,
    left,
  }
  store.write(snapshot)
  return snapshot
}

/** A repository can be large, and what is not yet in it is what can be lost: it comes last. */
const inOrder = (names: readonly string[]) => [
  ...names.filter((name) => name !== '.git').sort(),
  ...names.filter((name) => name === '.git'),
]

const stampOf = ({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string => `${size} ${mtimeNs} ${ctimeNs} ${ino}`

/** What is missing in it besides what was meant to be. */
export const isWhole = ({ left }: Snapshot): boolean => left.every(({ why }) => why === 'ignored')
