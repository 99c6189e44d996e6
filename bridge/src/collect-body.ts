import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Limits } from './limits.ts'
import type { Refusal } from './wire/wire-format.ts'

export type CollectedBody =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The client went away before its body was complete. */
  | { readonly kind: 'gone' }

const bytesPerExtraSecond = 64 * 1024
/** Up to here a length is believed before the bytes are there: a client must not make us set aside much for nothing. */
const inPlaceBytesMax = 1024 * 1024

/**
 * Collects a request body into one buffer, which is what is hashed, recorded and sent on. Refuses without waiting what
 * is declared too large, compressed or no JSON, and stops keeping bytes the moment the limit is passed. The listener must hand
 * over requests that expect `100 Continue` (Node's `checkContinue`): they are told to go on only here.
 */
export function collectBody(req: IncomingMessage, res: ServerResponse, limits: Limits): Promise<CollectedBody> {
  const refusal = refuseByHeaders(req, limits)
  if (refusal !== null) return Promise.resolve({ kind: 'refused', refusal })
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue()
  // Most bodies say their length. Copied in place at once, what the socket read can be let go of while it is young.
  const declared = Number(req.headers['content-length'] ?? Infinity)
  const whole = declared <= inPlaceBytesMax ? Buffer.allocUnsafeSlow(declared) : null
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    let seconds = 0
    let timer = setTimeout(tooSlow, limits.bodyMs)

    function settle(result: CollectedBody): void {
      clearTimeout(timer)
      req.off('data', take).off('end', complete).off('close', gone).off('error', gone)
      // A socket error after this must not become an uncaught one.
      req.on('error', ignore)
      resolve(result)
    }
    function take(chunk: Buffer): void {
      size += chunk.length
      if (size > limits.bodyBytes) settle({ kind: 'refused', refusal: tooLarge(limits) })
      else if (whole === null) chunks.push(chunk)
      else chunk.copy(whole, size - chunk.length)
    }
    function complete(): void {
      settle({ kind: 'body', bytes: whole?.subarray(0, size) ?? Buffer.concat(chunks, size) })
    }
    function gone(): void {
      settle({ kind: 'gone' })
    }
    /** A body that keeps coming earns time by what has come. */
    function tooSlow(): void {
      const earned = Math.floor(size / bytesPerExtraSecond)
      if (earned > seconds) {
        timer = setTimeout(tooSlow, (earned - seconds) * 1000)
        seconds = earned
      } else {
        const message = 'The request body did not arrive in time.'
        settle({ kind: 'refused', refusal: { reason: 'too_slow', message } })
      }
    }
    req.on('data', take).on('end', complete).on('close', gone).on('error', gone)
  })
}

/** Outside of any other function, so that whoever keeps it keeps no body with it. */
function ignore(): void {}

function refuseByHeaders(req: IncomingMessage, limits: Limits): Refusal | null {
  if (Number(req.headers['content-length'] ?? 0) > limits.bodyBytes) return tooLarge(limits)
  const encoding = req.headers['content-encoding']
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return { reason: 'unsupported_media_type', message: 'The request body must not be compressed.' }
  }
  const type = req.headers['content-type']
  if (type === undefined || isJson(type)) return null
  const message = 'The request body must be JSON in UTF-8, with Content-Type: application/json.'
  return { reason: 'unsupported_media_type', message }
}

/** What a body says that it is, a provider may believe: as a form it would say something else than as JSON. */
function isJson(contentType: string): boolean {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  if (!/^\s*application\/(?:[a-z0-9.+-]+\+)?json\s*$/.test(type)) return false
  return parameters.every((parameter) => !/^\s*charset\s*=/.test(parameter) || /=\s*"?utf-?8"?\s*$/.test(parameter))
}

function tooLarge(limits: Limits): Refusal {
  return {
    reason: 'too_large',
    message: `Reeve takes request bodies of at most ${limits.bodyBytes} bytes, and this one is larger.`,
  }
}
