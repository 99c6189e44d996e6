export interface ResponseEvents {
  status(status: number): void
  /** Bytes of the body, without framing. */
  body(bytes: Buffer): void
  end(): void
}

/**
 * Reads HTTP/1.1 responses on one connection with as little work as possible: the load generator shares its core with
 * the provider.
 */
export function responseReader(events: ResponseEvents): (bytes: Buffer) => void {
  let held: Buffer | null = null
  // Bytes of the body, or of the chunk, still to come; -1 while a head, -2 while a chunk's length is read.
  let left = -1
  let chunked = false

  return (data) => {
    let bytes = held === null ? data : Buffer.concat([held, data])
    held = null
    while (bytes.length > 0) {
      if (left === -1) {
        const end = bytes.indexOf('\r\n\r\n')
        if (end === -1) break
        const head = bytes.toString('latin1', 0, end)
        events.status(Number(head.slice(9, 12)))
        const length = /\r\ncontent-length: *(\d+)/i.exec(head)
        chunked = length === null
        left = length === null ? -2 : Number(length[1])
        bytes = bytes.subarray(end + 4)
      } else if (left === -2) {
        const lineEnd = bytes.indexOf('\r\n')
        if (lineEnd === -1) break
        left = Number.parseInt(bytes.toString('latin1', 0, lineEnd), 16)
        if (left === 0) {
          if (bytes.length < lineEnd + 4) {
            left = -2
            break
          }
          bytes = bytes.subarray(lineEnd + 4)
          left = -1
          events.end()
          continue
        }
        left += 2
        bytes = bytes.subarray(lineEnd + 2)
      } else {
        const piece = bytes.subarray(0, left)
        // A chunk's own line end travels with it and is not body.
        const framing = chunked ? 2 : 0
        const content = Math.min(piece.length, Math.max(0, left - framing))
        if (content > 0) events.body(piece.subarray(0, content))
        left -= piece.length
        bytes = bytes.subarray(piece.length)
        if (left === 0) {
          left = chunked ? -2 : -1
          if (!chunked) events.end()
        }
      }
    }
    if (bytes.length > 0) held = bytes
  }
}
