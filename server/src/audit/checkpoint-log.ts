import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** `checkpoints.log` of the data directory: one line of JSON for each signed note, for whoever keeps it elsewhere. */
export interface CheckpointLog {
  append(note: string): Promise<void>
  /** Oldest first. */
  read(): AsyncGenerator<string>
  /** The one that was written last; the file is read for it once. */
  newest(): Promise<string | null>
}

export function openCheckpointLog(dataDir: string): CheckpointLog {
  const path = join(dataDir, 'checkpoints.log')
  let newest: string | null | undefined

  async function* read(): AsyncGenerator<string> {
    const file = createReadStream(path, 'utf8')
    try {
      for await (const line of createInterface({ input: file, crlfDelay: Infinity })) {
        const note = noteOf(line)
        if (note !== null) yield note
      }
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown
    } finally {
      file.destroy()
    }
  }

  return {
    read,
    async newest() {
      if (newest === undefined) {
        let last: string | null = null
        for await (const note of read()) last = note
        newest = last
      }
      return newest
    },
    async append(note) {
      const file = await open(path, 'a', 0o600)
      try {
        // A line that was cut off by a crash must not swallow this one.
        await file.write(`\n${JSON.stringify({ note })}\n`)
        await file.datasync()
        newest = note
      } finally {
        await file.close()
      }
    },
  }
}

/** Null for a line that was cut off when the machine went down. */
function noteOf(line: string): string | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'note' in value && typeof value.note === 'string'
      ? value.note
      : null
  } catch {
    return null
  }
}
