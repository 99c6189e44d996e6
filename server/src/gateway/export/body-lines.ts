import { isUtf8 } from 'node:buffer'
import type { SessionExportLine } from '@reeve/sdk'

/** A line of an export holds at most this much of a body: whoever reads it line by line needs no more memory. */
const partBytes = 512 * 1024

/** As text where it is text, so that the file can be searched; an empty body has no line. */
export function* bodyLines(
  requestId: string,
  side: 'request' | 'sent' | 'response',
  bytes: Uint8Array,
): Generator<SessionExportLine> {
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64'
  const cuts = [0]
  while (cuts.at(-1)! < bytes.length) cuts.push(cutBehind(bytes, cuts.at(-1)! + partBytes, encoding))
  for (let part = 1; part < cuts.length; part++) {
    const data = Buffer.from(bytes.subarray(cuts[part - 1], cuts[part])).toString(encoding)
    yield { kind: 'body', request_id: requestId, side, part, parts: cuts.length - 1, encoding, data }
  }
}

/** Never within a character. */
function cutBehind(bytes: Uint8Array, wanted: number, encoding: 'utf8' | 'base64'): number {
  let at = Math.min(wanted, bytes.length)
  if (encoding === 'base64') return at
  while (at < bytes.length && (bytes[at]! & 0xc0) === 0x80) at--
  return at
}
