import { type Clock, Fault } from '@reeve/base'
import { applyOverlay, type Change, changesOf, discardOverlay, type Overlay, waitingOverlays } from './overlay.ts'

export interface OverlaysAsked {
  readonly verb: 'changes' | 'apply' | 'discard'
  readonly words: readonly string[]
  readonly workspace: string
  readonly stateDirectory: string
  readonly clock: Clock
  /** Null where the session lives. */
  readonly lock: (session: string) => Promise<AsyncDisposable | null>
  readonly write: (text: string) => void
}

/** `boundary changes|apply|discard [session]`: what a session in overlay mode did to its copy. Gives the exit code. */
export async function overlays(asked: OverlaysAsked): Promise<number> {
  const { verb, words, lock, write } = asked
  const overlay = chosen(waitingOverlays(asked), words)
  const free = await lock(overlay.session)
  if (free === null) throw new Fault('conflict', `The session ${overlay.session} still runs.`, { fix: 'end it first' })
  await using _ = free
  if (verb === 'discard') {
    discardOverlay(asked, overlay)
    write(`dropped what the session ${overlay.session} did\n`)
    return 0
  }
  const { changes, kept } =
    verb === 'apply' ? applyOverlay(asked, overlay) : { ...changesOf(asked, overlay), kept: null }
  for (const change of changes) write(`${line(change)}\n`)
  write(
    verb === 'apply'
      ? `taken over: ${changes.length}\n`
      : `${changes.length} changes of the session ${overlay.session}\n`,
  )
  if (kept !== null) write(`what was in the way lies in ${kept}\n`)
  return 0
}

const marks = { added: '+', changed: '~', deleted: '-' } as const
const line = ({ path, what }: Change): string => `${marks[what]} ${JSON.stringify(path)}`

function chosen(waiting: readonly Overlay[], [name, ...more]: readonly string[]): Overlay {
  const found = waiting.filter(
    ({ session }) => name === undefined || session.startsWith(name) || session.endsWith(name),
  )
  if (found.length === 1 && more.length === 0) return found[0]!
  if (found.length === 0) throw new Fault('not_found', 'No session has changes waiting for this workspace.')
  throw new Fault('invalid', 'Changes of several sessions wait: which one?', {
    fix: found.map(({ session }) => session).join(', '),
  })
}
