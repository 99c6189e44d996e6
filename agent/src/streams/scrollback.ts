/** The last that a terminal has shown, for whoever comes back to it. */
export interface Scrollback {
  add(bytes: Uint8Array): void
  read(): Uint8Array
}

export function createScrollback(bytesMax = 64 * 1024): Scrollback {
  let pieces: Uint8Array[] = []
  let length = 0
  let isCut = false
  return {
    add(bytes) {
      pieces.push(bytes)
      length += bytes.length
      if (length < 2 * bytesMax) return
      pieces = [Buffer.concat(pieces).subarray(-bytesMax)]
      length = bytesMax
      isCut = true
    },
    read() {
      const all = Buffer.concat(pieces)
      const last = all.subarray(-bytesMax)
      if (!isCut && last.length === all.length) return last
      // Not from within a line: half a character, or half of a control sequence, would be shown as rubbish.
      return last.subarray(last.indexOf('\n') + 1)
    },
  }
}
