import { Fault, type Uuid } from '@reeve/base'
import type { Workspace } from '@reeve/sdk'
import { type Scope, signedIn } from '../http/implement.ts'
import type { Room } from '../templates/room.ts'
import { workspaceById } from './workspaces.ts'

/** Not everything that changes a workspace is told by a notice. */
const lookMs = 2_000

/** As it is, and as it becomes; ends when it is gone, or not to be seen any more. */
export async function watch(room: Room, scope: Scope, id: Uuid): Promise<AsyncIterable<Workspace>> {
  const actor = signedIn(scope)
  const first = await workspaceById(room, actor, id)
  return follow(first)

  async function* follow(shown: Workspace): AsyncGenerator<Workspace> {
    yield shown
    let last = JSON.stringify(shown)
    while (!scope.signal.aborted) {
      await nextLook(room, scope.signal)
      const seen = await workspaceById(room, actor, id).catch(goneIsTheEnd)
      if (seen === null) return
      const text = JSON.stringify(seen)
      if (text !== last) yield seen
      last = text
    }
  }
}

function goneIsTheEnd(thrown: unknown): null {
  if (thrown instanceof Fault && thrown.code === 'not_found') return null
  throw thrown
}

async function nextLook({ notices }: Room, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const timer = setTimeout(wake, lookMs)
  const ear = notices.on(({ kind }) => {
    if (kind !== 'lines') wake()
  })
  signal.addEventListener('abort', wake, { once: true })
  await promise
  clearTimeout(timer)
  ear[Symbol.dispose]()
  signal.removeEventListener('abort', wake)
}
