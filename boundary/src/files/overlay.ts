import { constants, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Clock, Fault } from '@reeve/base'
import { restoreSnapshot, type Restored } from './restore-snapshot.ts'
import { openSnapshotStore, type Snapshot, type SnapshotEntry } from './snapshot-store.ts'
import { isWhole, takeSnapshot } from './take-snapshot.ts'
import { machineTree } from './tree.ts'

/**
 * A session in overlay mode works in a copy of the workspace. What it did is told, taken over or dropped afterwards:
 *
 *     open ──session ends──▶ waiting ──apply──▶ taken over
 *                               └──────discard──▶ dropped
 *
 * The copy shares its blocks with the workspace where the file system can. It lies with the boundary's state.
 */
export interface Overlay {
  readonly session: string
  readonly workspace: string
  /** The copy that the command works in. */
  readonly tree: string
  /** The workspace as it was. */
  readonly base: Snapshot
}

export interface OverlayPlace {
  readonly stateDirectory: string
  readonly workspace: string
  readonly clock: Clock
}

export function openOverlay({ stateDirectory, workspace, clock }: OverlayPlace, session: string): Overlay {
  const folder = join(stateDirectory, 'overlays', session)
  const tree = join(folder, 'tree')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const store = openSnapshotStore(stateDirectory, tree)
  const base = takeSnapshot({ store, workspace, session, clock })
  if (!isWhole(base)) {
    rmSync(folder, { recursive: true, force: true })
    const [first] = base.left.filter(({ why }) => why !== 'ignored')
    throw new Fault('too_large', `The workspace cannot be copied whole: ${first?.path} (${first?.why}).`, {
      fix: 'use workspace: snapshot, or a smaller workspace',
    })
  }
  cpSync(workspace, tree, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  })
  writeFileSync(join(folder, 'overlay.json'), JSON.stringify({ workspace, base: base.id }), {
    mode: 0o600,
    flush: true,
  })
  return { session, workspace, tree, base }
}

/** Overlays of a workspace that wait, the newest first. */
export function waitingOverlays({ stateDirectory, workspace }: OverlayPlace): readonly Overlay[] {
  const folder = join(stateDirectory, 'overlays')
  if (machineTree.kind(folder) === null) return []
  return readdirSync(folder)
    .sort()
    .toReversed()
    .flatMap((session) => {
      const file = join(folder, session, 'overlay.json')
      if (machineTree.kind(file) === null) return []
      const noted: unknown = JSON.parse(readFileSync(file, 'utf8'))
      if (noted === null || typeof noted !== 'object' || !('base' in noted) || !('workspace' in noted)) return []
      const tree = join(folder, session, 'tree')
      const all = noted.workspace === workspace ? openSnapshotStore(stateDirectory, tree).list() : []
      const base = all.find(({ id }) => id === noted.base)
      return base === undefined ? [] : [{ session, workspace, tree, base }]
    })
}

export interface Change {
  readonly path: string
  readonly what: 'added' | 'changed' | 'deleted'
}

/** What the session did, and the snapshot of its copy that it is taken over from. */
export function changesOf(
  place: OverlayPlace,
  overlay: Overlay,
): { readonly changes: readonly Change[]; readonly after: Snapshot } {
  const store = openSnapshotStore(place.stateDirectory, overlay.tree)
  const after = takeSnapshot({ store, workspace: overlay.tree, session: null, clock: place.clock })
  const before = new Map(overlay.base.entries.map((entry) => [entry.path, entry]))
  const now = new Map(after.entries.map((entry) => [entry.path, entry]))
  const made = after.entries.flatMap((entry): Change[] => {
    const old = before.get(entry.path)
    if (old !== undefined && alike(old, entry)) return []
    return [{ path: entry.path, what: old === undefined ? 'added' : 'changed' }]
  })
  // What could not be read in the copy is there all the same.
  const unread = new Set(after.left.map(({ path }) => path))
  const gone = overlay.base.entries
    .filter(({ path }) => !now.has(path) && !unread.has(path))
    .map(({ path }): Change => ({ path, what: 'deleted' }))
  return { changes: [...made, ...gone].sort((a, b) => (a.path < b.path ? -1 : 1)), after }
}

function alike(a: SnapshotEntry, b: SnapshotEntry): boolean {
  if (a.kind !== b.kind || a.mode !== b.mode) return false
  if (a.kind === 'file' && b.kind === 'file') return a.hash === b.hash
  return a.kind === 'link' && b.kind === 'link' ? a.target === b.target : true
}

/** Takes the changes over. What is replaced or deleted is kept aside, and what a person changed meanwhile as well. */
export function applyOverlay(
  place: OverlayPlace,
  overlay: Overlay,
): Restored & { readonly changes: readonly Change[] } {
  const { changes, after } = changesOf(place, overlay)
  const store = openSnapshotStore(place.stateDirectory, overlay.tree)
  const chosen = new Set(changes.filter(({ what }) => what !== 'deleted').map(({ path }) => path))
  const needed = (path: string) => chosen.has(path) || [...chosen].some((one) => one.startsWith(`${path}/`))
  const before = new Map(overlay.base.entries.map((entry) => [entry.path, entry]))
  const entries = after.entries
    .filter(({ path, kind }) => chosen.has(path) || (kind === 'folder' && needed(path)))
    .map((entry) => {
      const { uid, gid } = before.get(entry.path) ?? entry
      return { ...entry, uid, gid }
    })
  const gone = changes.filter(({ what }) => what === 'deleted').map(({ path }) => path)
  const restored = restoreSnapshot(store, { ...after, workspace: overlay.workspace, entries }, null, gone)
  discardOverlay(place, overlay)
  return { ...restored, changes }
}

export function discardOverlay({ stateDirectory }: OverlayPlace, { tree }: Overlay): void {
  rmSync(dirname(tree), { recursive: true, force: true })
  rmSync(openSnapshotStore(stateDirectory, tree).folder, { recursive: true, force: true })
}
