/** One event of a `text/event-stream`. */
export interface SseEvent {
  /** `message` when the stream names none. */
  readonly event: string
  readonly data: string
}

/** An event that grows past this is given up: a stream from elsewhere must not fill the memory. */
const eventCharsMax = 4 * 1024 * 1024

/**
 * Reads server-sent events from text as it arrives (WHATWG HTML, section 9.2.6): lines end with CR, LF or both, a blank
 * line ends an event, comments and unknown fields are skipped, an event cut off by the end of the stream is dropped.
 * The parser keeps what is unfinished; feed it every piece in order. Throws RangeError when an event has no end.
 */
export function sseParser(): (piece: string) => SseEvent[] {
  let line = ''
  let afterCarriageReturn = false
  let first = true
  let event = ''
  let data: string[] = []
  let size = 0

  function endOfLine(found: SseEvent[]): void {
    if (line === '') {
      if (data.length > 0) found.push({ event: event === '' ? 'message' : event, data: data.join('\n') })
      event = ''
      data = []
      size = 0
      return
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    line = ''
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
  }

  return (piece) => {
    const found: SseEvent[] = []
    let from = 0
    if (first && piece !== '') {
      first = false
      if (piece.startsWith('\uFEFF')) from = 1
    }
    for (let at = from; at < piece.length; at++) {
      const char = piece.charCodeAt(at)
      if (char === 10 && afterCarriageReturn && at === from) from = at + 1
      else if (char === 10 || char === 13) {
        line += piece.slice(from, at)
        from = at + 1
        endOfLine(found)
      }
      afterCarriageReturn = char === 13
    }
    line += piece.slice(from)
    size += piece.length
    if (found.length > 0) size = line.length
    if (size > eventCharsMax) throw new RangeError(`an event is longer than ${eventCharsMax} characters`)
    return found
  }
}
