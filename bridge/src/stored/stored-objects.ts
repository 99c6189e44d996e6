import type { Uuid } from '@reeve/base'
import type { Intake } from '../intake.ts'
import type { Actor, Recording } from '../recorder.ts'
import type { Routed } from '../routes.ts'
import type { Named } from '../wire/stored-format.ts'
import type { Refusal } from '../wire/wire-format.ts'

/** A request that names or makes objects which the provider keeps. */
export interface StoredUse {
  readonly actor: Actor
  readonly providerName: string
  readonly interceptionId: Uuid
  readonly sourceIp: string | null
  readonly userAgent: string | null
}

/**
 * Who knows whose the objects are that a provider keeps. The provider sees one key for many people, so that it would
 * read out, carry on and delete for any of them what it keeps for another.
 */
export interface StoredObjects {
  /**
   * Whether all of these are the actor's own. What is another's and what nobody knows are told in one way and after one
   * time, so that no one learns what there is. `unanswered`: it cannot be found out now.
   */
  verdict(use: StoredUse, ids: readonly string[]): Promise<'own' | 'not_own' | 'unanswered'>
  /** Takes note that these are the actor's. Resolves when others can know it, or it is clear that they must wait. Never rejects. */
  note(use: StoredUse, ids: readonly string[]): Promise<void>
}

const notOwn: Refusal = {
  reason: 'not_found',
  message:
    'You have no such stored object at this provider: a response or a conversation is for whoever made it, through Reeve, and for nobody else.',
}
const unanswered: Refusal = {
  reason: 'unavailable',
  message: 'Whose stored object this is cannot be found out at the moment.',
  retryAfterSeconds: 5,
}

type Looked = Pick<Intake, 'body' | 'scan'>

/** Why a request must not reach the provider for what it names; null when it may. */
export async function refuseOthers(
  objects: StoredObjects,
  use: StoredUse,
  { route, path }: Routed,
  { body, scan }: Looked,
): Promise<Refusal | null> {
  const named = route.wire.stored?.named(path, body, scan) ?? nothingNamed
  if (!named.ok) return { reason: 'invalid', message: named.problem }
  if (named.ids.length === 0) return null
  const verdict = await objects.verdict(use, named.ids)
  return verdict === 'own' ? null : verdict === 'not_own' ? notOwn : unanswered
}

const nothingNamed: Named = { ok: true, ids: [] }

/**
 * Notes whose the new objects are before the client can have the complete answer. Of a stream the client sees an id
 * earlier; a question about it waits a little for the note.
 */
export function noting(
  objects: StoredObjects,
  use: StoredUse,
  { route, path }: Routed,
  { body, scan }: Looked,
  recording: Recording,
): Recording {
  const made = route.wire.stored?.made(route.method, path, body, scan) ?? null
  if (made === null) return recording
  const notes: Promise<void>[] = []
  const take = (ids: readonly string[]): void => {
    if (ids.length > 0) notes.push(objects.note(use, ids))
  }
  return {
    response(bytes) {
      take(made.push(bytes))
      recording.response(bytes)
    },
    async end(end) {
      take(made.finish())
      await Promise.all(notes)
      await recording.end(end)
    },
    trailer: (bytes) => recording.trailer(bytes),
  }
}
