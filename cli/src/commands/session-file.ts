import { createHash } from 'node:crypto'
import { Fault } from '@reeve/base'
import { SessionExportLine } from '@reeve/sdk'

export type SessionManifest = Extract<SessionExportLine, { kind: 'manifest' }>

/** Longer than any line that a server writes. */
const lineBytesMax = 64 * 1024 * 1024

/**
 * Passes the bytes of an export of sessions on, and knows at the end whether they are all there and as they were sent:
 * `manifest` throws where they are not. Holds one line at a time.
 */
export class SessionFile {
  readonly #hash = createHash('sha256')
  #lines = 0
  /** The line that is being read, and the last whole one, of which nobody knows yet whether it is the last of all. */
  #open: Uint8Array[] = []
  #openBytes = 0
  #last: Uint8Array | null = null

  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#read(chunk)
      yield chunk
    }
  }

  #read(chunk: Uint8Array): void {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      this.#open.push(chunk.subarray(from, end + 1))
      if (this.#last !== null) this.#count(this.#last)
      this.#last = Buffer.concat(this.#open)
      this.#open = []
      this.#openBytes = 0
      from = end + 1
    }
    if (from === chunk.length) return
    // A copy: whoever gave the chunk may use its memory again.
    this.#open.push(chunk.slice(from))
    this.#openBytes += chunk.length - from
    if (this.#openBytes > lineBytesMax) throw cut('a line of it has no end')
  }

  #count(line: Uint8Array): void {
    this.#hash.update(line)
    this.#lines++
  }

  manifest(): SessionManifest {
    if (this.#open.length > 0 || this.#last === null) throw cut('it ends within a line')
    const line = manifestOf(this.#last)
    if (line === null) throw cut('its last line is no manifest')
    const sha256 = this.#hash.copy().digest('hex')
    if (line.lines !== this.#lines) throw changed(`it has ${this.#lines} lines, and ${line.lines} were written`)
    if (line.sha256 !== sha256) throw changed(`its hash is ${sha256}, and ${line.sha256} was written`)
    return line
  }
}

function manifestOf(line: Uint8Array): SessionManifest | null {
  try {
    const found = SessionExportLine.safeParse(JSON.parse(Buffer.from(line).toString()))
    return found.data?.kind === 'manifest' ? found.data : null
  } catch {
    return null
  }
}

const cut = (why: string) =>
  new Fault('upstream', `the export was cut off: ${why}`, {
    fix: 'export it again; nothing of it is missing at the server',
  })

const changed = (why: string) => new Fault('upstream', `the export is not what was written: ${why}`)
