/** One event of a `text/event-stream`, as its lines say. */
export interface WireEvent {
  /** Empty when the stream names none. */
  readonly event: string
  readonly data: string
  readonly id: string | null
  readonly retry: string | null
}

/** Past this an event is given up: a stream from elsewhere must not fill the memory. */
export const eventBytesMax = 8 * 1024 * 1024

const LF = 10
const CR = 13

/**
 * Splits the bytes of an event stream into events as they arrive (WHATWG HTML, section 9.2.6). Lines end with CR, LF or
 * both; a blank line ends an event; comments and unknown fields are passed over; an event that the end of the stream
 * cuts off is never given out. The bytes may be cut anywhere. Throws RangeError when an event grows past the bound, once
 * what came before it was given out.
 *
 * The splitter is between lines, or inside one whose beginning it keeps in `rest`. After a line that a CR ended, a LF
 * belongs to that same line end and is passed over.
 */
export function sseSplitter(bytesMax = eventBytesMax): (chunk: Buffer) => WireEvent[] {
  let rest: Buffer[] = []
  let size = 0
  let afterCarriageReturn = false
  let first = true
  let event = ''
  let data: string[] | null = null
  let id: string | null = null
  let retry: string | null = null
  let givenUp = false

  function line(bytes: Buffer, found: WireEvent[]): void {
    if (first) {
      first = false
      if (bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3)
    }
    if (bytes.length === 0) {
      if (data !== null) found.push({ event, data: data.join('\n'), id, retry })
      event = ''
      data = id = retry = null
      size = 0
      return
    }
    const colon = bytes.indexOf(58)
    if (colon === 0) return
    const field = bytes.toString('latin1', 0, colon === -1 ? bytes.length : colon)
    const from = colon === -1 ? bytes.length : bytes[colon + 1] === 32 ? colon + 2 : colon + 1
    if (field === 'data') (data ??= []).push(bytes.toString('utf8', from))
    else if (field === 'event') event = bytes.toString('utf8', from)
    else if (field === 'id') id = bytes.toString('utf8', from)
    else if (field === 'retry') retry = bytes.toString('utf8', from)
  }

  function giveUp(found: WireEvent[]): WireEvent[] {
    givenUp = true
    rest = []
    if (found.length > 0) return found
    throw new RangeError(`an event is longer than ${bytesMax} bytes`)
  }

  return (chunk) => {
    const found: WireEvent[] = []
    if (givenUp) return giveUp(found)
    let from = 0
    if (afterCarriageReturn && chunk.length > 0) {
      afterCarriageReturn = false
      if (chunk[0] === LF) from = 1
    }
    // The next CR is looked for once and remembered, so that streams without any cost one search.
    let nextCr = -2
    while (from < chunk.length) {
      const lf = chunk.indexOf(LF, from)
      if (nextCr !== -1 && nextCr < from) nextCr = chunk.indexOf(CR, from)
      const end = nextCr !== -1 && (lf === -1 || nextCr < lf) ? nextCr : lf
      if (end === -1) break
      size += end - from
      if (size > bytesMax) return giveUp(found)
      const piece = chunk.subarray(from, end)
      line(rest.length === 0 ? piece : Buffer.concat([...rest, piece]), found)
      rest = []
      from = end + 1
      if (end === nextCr) {
        if (from === chunk.length) afterCarriageReturn = true
        else if (chunk[from] === LF) from++
      }
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from))
      size += chunk.length - from
      if (size > bytesMax) return giveUp(found)
    }
    return found
  }
}
