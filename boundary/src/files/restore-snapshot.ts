import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault } from '@reeve/base'
import { hashFile, type Snapshot, type SnapshotEntry, type SnapshotStore } from './snapshot-store.ts'
import { machineTree } from './tree.ts'

export interface Restored {
  readonly written: number
  readonly unchanged: number
  /** Where what was in the way lies now; null where nothing was. */
  readonly kept: string | null
}

/**
 * Brings back what a snapshot holds, all of it or one path. Nothing is overwritten and nothing deleted: what stands where
 * something else stood is moved into a folder beside it, whole. Folders come before their contents and a link is never
 * written through, so a link that somebody left in place of a folder does not lead out of the workspace. Paths that are to
 * be `gone` are moved aside too.
 */
export function restoreSnapshot(
  store: SnapshotStore,
  snapshot: Snapshot,
  only: string | null = null,
  gone: readonly string[] = [],
): Restored {
  const { workspace } = snapshot
  const entries = only === null ? snapshot.entries : under(snapshot, only)
  if (machineTree.kind(workspace) === null) mkdirSync(workspace, { recursive: true })
  if (machineTree.kind(workspace) !== 'folder') throw new Fault('conflict', `${workspace} is not a folder any more.`)
  const aside = asideIn(workspace, snapshot.id)
  let kept: string | null = null
  let written = 0
  for (const entry of entries) {
    const path = join(workspace, entry.path)
    if (isAs(entry, path)) {
      if (entry.kind === 'folder') chmodSync(path, entry.mode | 0o700)
      continue
    }
    if (machineTree.kind(path) !== null && !(entry.kind === 'folder' && machineTree.kind(path) === 'folder')) {
      kept = keepAside(aside, path, entry.path)
    }
    write(store, entry, path)
    written += 1
  }
  for (const name of gone) {
    const path = join(workspace, name)
    if (isSolid(workspace, name) && machineTree.kind(path) !== null) kept = keepAside(aside, path, name)
  }
  // Last, and the innermost first: a folder that may not be written to could not have been filled.
  for (const entry of entries.toReversed()) if (entry.kind === 'folder') finish(entry, join(workspace, entry.path))
  return { written, unchanged: entries.length - written, kept }
}

/** The path, what is in it, and the folders that it is in. */
function under({ entries }: Snapshot, only: string): readonly SnapshotEntry[] {
  const path = only.replace(/^(\.?\/)+|\/+$/g, '')
  const found = entries.filter((entry) => entry.path === path || entry.path.startsWith(`${path}/`))
  if (found.length === 0) throw new Fault('not_found', `${only} is not in the snapshot.`)
  return [...entries.filter(({ kind, path: folder }) => kind === 'folder' && path.startsWith(`${folder}/`)), ...found]
}

/** A folder of this name that was here before may lead elsewhere by now. */
function asideIn(workspace: string, id: string): string {
  let path = join(workspace, `.reeve-kept-${id.slice(-12)}`)
  for (let count = 1; machineTree.kind(path) !== null; count += 1)
    path = join(workspace, `.reeve-kept-${id.slice(-12)}.${count}`)
  return path
}

/** Whether it is there as it was. The mode of a folder is seen to at the end. */
function isAs(entry: SnapshotEntry, path: string): boolean {
  const kind = machineTree.kind(path)
  if (kind !== entry.kind) return false
  if (entry.kind === 'folder') return true
  if (entry.kind === 'link') return readlinkSync(path) === entry.target
  const { size, mode } = lstatSync(path)
  return size === entry.size && (mode & 0o7777) === entry.mode && hashFile(path).hash === entry.hash
}

/** Whether no folder on the way is a link. */
function isSolid(workspace: string, name: string): boolean {
  const folders = name.split('/').slice(0, -1)
  return folders.every((_, at) => machineTree.kind(join(workspace, ...folders.slice(0, at + 1))) === 'folder')
}

function keepAside(aside: string, path: string, name: string): string {
  let target = join(aside, name)
  for (let count = 1; machineTree.kind(target) !== null; count += 1) target = join(aside, `${name}.${count}`)
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  renameSync(path, target)
  return aside
}

function write(store: SnapshotStore, entry: SnapshotEntry, path: string): void {
  if (entry.kind === 'folder') {
    // Open to its owner until it is filled.
    mkdirSync(path, { mode: 0o700 })
    return
  }
  if (entry.kind === 'link') {
    symlinkSync(entry.target, path)
    if (isRoot()) lchownSync(path, entry.uid, entry.gid)
    return
  }
  store.put(entry.hash, path)
  finish(entry, path)
  utimesSync(path, entry.mtimeMs / 1000, entry.mtimeMs / 1000)
}

/** Owner before mode: a change of owner takes bits away. */
function finish({ mode, uid, gid }: SnapshotEntry, path: string): void {
  if (isRoot()) chownSync(path, uid, gid)
  chmodSync(path, mode)
}

const isRoot = (): boolean => process.geteuid?.() === 0
