import type { Clock } from '@reeve/base'
import { openSnapshotStore, type Snapshot } from './snapshot-store.ts'
import { isWhole, takeSnapshot, usualLimits } from './take-snapshot.ts'

export interface Keeping {
  readonly stateDirectory: string
  readonly workspace: string
  readonly session: string
  readonly clock: Clock
  /** Names to leave out instead of the usual ones; null: the usual ones. */
  readonly ignore: readonly string[] | null
}

/** So many snapshots of a workspace are kept; of older ones nothing stays. */
const keptCount = 10

/** The copy from before a session, for a policy that says `workspace: snapshot`; `note` is to be told where it is not whole. */
export function keepWorkspace({ stateDirectory, workspace, session, clock, ignore }: Keeping): {
  readonly snapshot: Snapshot
  readonly note: string | null
} {
  const store = openSnapshotStore(stateDirectory, workspace)
  const limits = ignore === null ? usualLimits : { ...usualLimits, ignore }
  const snapshot = takeSnapshot({ store, workspace, session, clock, limits })
  store.prune(keptCount)
  const [first] = snapshot.left.filter(({ why }) => why !== 'ignored')
  const note = isWhole(snapshot) ? null : `the snapshot is not whole: ${first?.path} (${first?.why})`
  return { snapshot, note }
}
