import type { Clock, Uuid } from '@reeve/base'
import { sqlState } from '../../db/failures.ts'
import type { Damage, Frame } from '../../journal/read.ts'
import { decodeFrame, interceptionOf } from '../record/frames.ts'
import type { DrainConnection } from './connect.ts'
import { storable } from './storable.ts'

/** Keeps a frame that cannot be written, whole, so that nothing is lost when its segment is retired. */
export async function rejectFrame(
  connection: DrainConnection,
  replicaId: Uuid,
  frame: Frame,
  error: Error,
  clock: Clock,
): Promise<void> {
  const { segment, start, seq, kind, payload } = frame
  const reason = storable(`${sqlState(error) ?? error.name}: ${error.message}`, 2_000)
  const values = [replicaId, segment, start, seq, kind, interceptionIn(frame), reason, payload, clock.now()]
  await connection.run('insertReject', values)
}

/** Names a stretch of the journal that could not be read. What was in it nobody knows. */
export async function rejectDamage(
  connection: DrainConnection,
  replicaId: Uuid,
  damage: Damage,
  clock: Clock,
): Promise<void> {
  const { segment, start, end, reason, detail } = damage
  const text = storable(`journal damage (${reason}) up to offset ${end}: ${detail}`, 2_000)
  await connection.run('insertReject', [replicaId, segment, start, null, null, null, text, null, clock.now()])
}

function interceptionIn(frame: Frame): string | null {
  try {
    return interceptionOf(decodeFrame(frame.kind, frame.payload))
  } catch {
    // That it cannot be read may be the very reason.
    return null
  }
}
