import { Fault } from '@reeve/base'
import { restoreSnapshot } from './restore-snapshot.ts'
import { openSnapshotStore, type Snapshot } from './snapshot-store.ts'

export interface SnapshotsAsked {
  readonly words: readonly string[]
  /** The folder that the snapshots are of. */
  readonly workspace: string
  readonly stateDirectory: string
  /** Null where the session lives. */
  readonly lock: (session: string) => Promise<AsyncDisposable | null>
  readonly write: (text: string) => void
}

const usage = 'boundary snapshots list | show <snapshot> | restore <snapshot> [--path <path>]'

/** `boundary snapshots`: what is kept of this workspace, and bringing it back. Gives the exit code. */
export async function snapshots({ words, workspace, stateDirectory, lock, write }: SnapshotsAsked): Promise<number> {
  const store = openSnapshotStore(stateDirectory, workspace)
  const all = store.list()
  const [verb = 'list', name, ...rest] = words
  if (verb === 'list' && name === undefined) {
    for (const snapshot of all) write(`${line(snapshot)}\n`)
    if (all.length === 0) write(`no snapshots of ${workspace}\n`)
    return 0
  }
  if ((verb !== 'show' && verb !== 'restore') || name === undefined)
    throw new Fault('invalid', 'Which snapshot?', { fix: usage })
  const snapshot = chosen(all, name)
  if (verb === 'show') {
    write(`${line(snapshot)}\n`)
    for (const entry of snapshot.entries)
      write(`${entry.mode.toString(8).padStart(4, '0')} ${entry.kind.padEnd(6)} ${JSON.stringify(entry.path)}\n`)
    for (const { path, why } of snapshot.left) write(`not kept: ${JSON.stringify(path)} (${why})\n`)
    return 0
  }
  await refuseWhileRunning(all, lock)
  const { written, unchanged, kept } = restoreSnapshot(store, snapshot, pathOf(rest))
  write(`restored ${written}, unchanged ${unchanged}\n`)
  if (kept !== null) write(`what was in the way lies in ${kept}\n`)
  return 0
}

const line = ({ id, time, entries, left }: Snapshot): string =>
  `${id}  ${time}  ${entries.length} entries${left.some(({ why }) => why !== 'ignored') ? ', not whole' : ''}`

/** By its id, the beginning or the end of it, or `latest`. */
function chosen(all: readonly Snapshot[], name: string): Snapshot {
  const found = all.filter(({ id }, at) => (name === 'latest' ? at === 0 : id.startsWith(name) || id.endsWith(name)))
  if (found.length === 1) return found[0]!
  throw new Fault(
    'not_found',
    found.length === 0 ? `There is no snapshot ${name}.` : `${name} is the name of several snapshots.`,
    {
      fix: 'boundary snapshots list',
    },
  )
}

function pathOf(words: readonly string[]): string | null {
  const [flag, path, ...more] = words.flatMap((word) =>
    word.startsWith('--path=') ? ['--path', word.slice(7)] : [word],
  )
  if (flag === undefined) return null
  if (flag !== '--path' || path === undefined || more.length > 0)
    throw new Fault('invalid', 'Which path?', { fix: usage })
  return path
}

/** What still runs could put a link where something is just being written. */
async function refuseWhileRunning(all: readonly Snapshot[], lock: SnapshotsAsked['lock']): Promise<void> {
  for (const { session } of all) {
    if (session === null) continue
    const free = await lock(session)
    if (free === null)
      throw new Fault('conflict', `The session ${session} still runs in this workspace.`, { fix: 'end it first' })
    await free[Symbol.asyncDispose]()
  }
}
