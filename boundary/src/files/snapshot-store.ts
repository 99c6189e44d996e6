import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isUuid, type Uuid } from '@reeve/base'
import { machineTree } from './tree.ts'

/** One thing in a workspace, as it was. */
export type SnapshotEntry = {
  /** From the workspace, with no slash in front. Folders stand before what is in them. */
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
} & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: string }
  | {
      readonly kind: 'file'
      readonly size: number
      readonly hash: string
      readonly mtimeMs: number
      /** Size, times and inode: while it is the same, nobody has written to the file. */
      readonly stamp: string
    }
)

export interface Snapshot {
  readonly v: 1
  readonly id: Uuid
  readonly workspace: string
  readonly time: string
  /** What it was taken for: a session, or a restore that might have to be taken back. */
  readonly session: string | null
  readonly entries: readonly SnapshotEntry[]
  /** What is not in it, and why; empty for a whole one. */
  readonly left: readonly { readonly path: string; readonly why: string }[]
}

/**
 * Snapshots of one workspace: contents by their SHA-256, each kept once, and a list of entries for each snapshot. Lies
 * with the boundary's state, where the sandbox does not reach. Where the file system can, contents share their blocks
 * with the files that they were taken from.
 */
export interface SnapshotStore {
  readonly folder: string
  /** Keeps the contents of a file; gives their hash. */
  keep(path: string): { readonly hash: string; readonly size: number }
  /** Writes contents to a path that must not be there yet; throws where they are not what they were. */
  put(hash: string, path: string): void
  write(snapshot: Snapshot): void
  /** The newest first. */
  list(): readonly Snapshot[]
  latest(): Snapshot | null
  /** Forgets all but the newest, and contents that none of these has. */
  prune(keep: number): void
}

export function openSnapshotStore(stateDirectory: string, workspace: string): SnapshotStore {
  const name = createHash('sha256').update(workspace).digest('hex').slice(0, 24)
  const folder = join(stateDirectory, 'snapshots', name)
  const objects = join(folder, 'objects')
  const manifests = join(folder, 'manifests')
  for (const path of [objects, manifests]) mkdirSync(path, { recursive: true, mode: 0o700 })
  const placeOf = (hash: string) => join(objects, hash.slice(0, 2), hash.slice(2))
  let copies = 0
  return {
    folder,
    keep: (path) => {
      copies += 1
      const copy = join(objects, `.${process.pid}-${copies}`)
      const small = readSmall(path)
      // Hashed is what is kept: the file itself may be written to meanwhile.
      if (small === null) copyFileSync(path, copy, constants.COPYFILE_FICLONE)
      const hash = small === null ? hashFile(copy) : hashBytes(small)
      const place = placeOf(hash.hash)
      if (machineTree.kind(place) !== null) {
        if (small === null) rmSync(copy)
        return hash
      }
      if (small === null) chmodSync(copy, 0o400)
      else writeFileSync(copy, small, { mode: 0o400 })
      mkdirSync(dirname(place), { recursive: true, mode: 0o700 })
      renameSync(copy, place)
      return hash
    },
    put: (hash, path) => {
      copyFileSync(placeOf(hash), path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
      if (hashFile(path).hash === hash) return
      rmSync(path)
      throw new Error(`the kept contents ${hash} are damaged`)
    },
    write: (snapshot) => {
      const path = join(manifests, `${snapshot.id}.json`)
      writeFileSync(`${path}.new`, JSON.stringify(snapshot), { mode: 0o600, flush: true })
      renameSync(`${path}.new`, path)
      const handle = openSync(manifests, 'r')
      fsyncSync(handle)
      closeSync(handle)
    },
    list: () => namesIn(manifests).map((name) => readSnapshot(manifests, name)),
    latest: () =>
      namesIn(manifests)
        .slice(0, 1)
        .map((name) => readSnapshot(manifests, name))[0] ?? null,
    prune: (keep) => {
      const names = namesIn(manifests)
      // Finding out what is still used reads every list, so it is not done each time.
      if (names.length < keep + prunedAtOnce) return
      for (const name of names.slice(keep)) rmSync(join(manifests, name), { force: true })
      const kept = names.slice(0, keep).flatMap((name) => readSnapshot(manifests, name).entries)
      const used = new Set(kept.flatMap((one) => (one.kind === 'file' ? one.hash : [])))
      for (const first of readdirSync(objects).filter((one) => /^[0-9a-f]{2}$/.test(one))) {
        for (const rest of readdirSync(join(objects, first))) {
          if (!used.has(first + rest)) rmSync(join(objects, first, rest), { force: true })
        }
      }
    },
  }
}

const prunedAtOnce = 5

/** The newest first: their ids are in the order of time. */
const namesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json') && isUuid(name.slice(0, -5)))
    .sort()
    .toReversed()

function readSnapshot(folder: string, name: string): Snapshot {
  // SAFETY: only `write` above writes here, in a directory that nobody else can reach.
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Snapshot
}

/** Most files fit: they are read once, and nothing is written where the contents are known. */
const chunk = Buffer.allocUnsafeSlow(262_144)

/** The contents, valid until the next call; null where they are longer than a chunk. */
function readSmall(path: string): Buffer | null {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    let size = 0
    for (
      let read = readSync(handle, chunk);
      read > 0;
      read = readSync(handle, chunk, size, chunk.length - size, null)
    ) {
      size += read
      if (size === chunk.length) return null
    }
    return chunk.subarray(0, size)
  } finally {
    closeSync(handle)
  }
}

const hashBytes = (bytes: Buffer) => ({ hash: createHash('sha256').update(bytes).digest('hex'), size: bytes.length })

export function hashFile(path: string): { readonly hash: string; readonly size: number } {
  const hash = createHash('sha256')
  const handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  let size = 0
  try {
    for (let read = readSync(handle, chunk); read > 0; read = readSync(handle, chunk)) {
      hash.update(chunk.subarray(0, read))
      size += read
    }
  } finally {
    closeSync(handle)
  }
  return { hash: hash.digest('hex'), size }
}
