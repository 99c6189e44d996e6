import type { Log } from '@reeve/base'
import type { BridgeEvent } from '@reeve/bridge'

/**
 * What an operator reads of single requests: those that failed, and breakers; with details switched on, all of them.
 * Each line has the id of the interception, by which its record and its spans are found. Nothing that a client wrote is
 * among it.
 */
export const logEvents =
  (log: Log) =>
  (event: BridgeEvent): void => {
    const { providerName: provider } = event
    switch (event.kind) {
      case 'started': {
        const { streaming, credentialKind } = event
        return log.debug({ ...identified(event), streaming, credentialKind }, 'interception started')
      }
      case 'finished': {
        const { outcome, statusCode } = event
        const facts = { ...identified(event), outcome, statusCode, durationMs: Math.round(event.durationMs) }
        if (outcome === 'ok') return log.debug(facts, 'interception ended')
        return log.info(facts, 'interception failed')
      }
      case 'breaker': {
        const { from, state: to } = event
        if (to === 'open') return log.warn({ provider, from, to }, 'circuit breaker changed')
        return log.info({ provider, from, to }, 'circuit breaker changed')
      }
      case 'retried':
        return log.debug({ provider, reason: event.reason }, 'provider asked again')
      case 'key_rests': {
        const facts = { provider, reason: event.reason }
        // A limit ends by itself; a key that is refused waits for somebody.
        if (event.reason === 'refused') return log.warn(facts, 'provider key rests')
        return log.debug(facts, 'provider key rests')
      }
      case 'unasked':
        return log.debug({ provider, reason: event.reason }, 'provider not asked')
      case 'unrecorded':
      case 'decided':
        // The bridge has said the one, with the reason; the record has the other.
        return
    }
  }

function identified({ interceptionId, traceId, providerName: provider, route, client }: Named): object {
  return { interceptionId, ...(traceId !== null && { traceId }), provider, route, client }
}

type Named = BridgeEvent & { kind: 'started' | 'finished' }
