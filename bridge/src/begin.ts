import { type Log, toError } from '@reeve/base'
import { about, type BridgeEvent } from './exchange.ts'
import type { Recorder, Recording, StartFacts } from './recorder.ts'

export interface Beginning {
  readonly recorder: Recorder
  readonly log: Log
  readonly observe: (event: BridgeEvent) => void
}

/** Puts the start of a request on record; null when it cannot be, and then nothing may be sent to the provider. */
export async function begin(start: StartFacts, { recorder, log, observe }: Beginning): Promise<Recording | null> {
  try {
    const recording = await recorder.begin(start)
    const { streaming, credentialKind } = start
    observe({ ...about(start), kind: 'started', streaming, credentialKind })
    return recording
  } catch (thrown) {
    log.error(
      { interceptionId: start.id, error: toError(thrown).message },
      'the start of a record could not be written',
    )
    observe({ kind: 'unrecorded', providerName: start.providerName, step: 'begin' })
    return null
  }
}
