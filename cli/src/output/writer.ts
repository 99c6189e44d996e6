import type { Writable } from 'node:stream'
import { readerGone } from '../stopped.ts'

export interface Writer {
  /** Resolves when there is room for more. Rejects with `Stopped` when nobody reads any longer, as after `| head`. */
  write(bytes: string | Uint8Array): Promise<void>
}

export function writerTo(stream: Writable): Writer {
  return {
    write(bytes) {
      return new Promise((resolve, reject) => {
        stream.write(bytes, (error) => {
          if (error == null) resolve()
          else reject('code' in error && error.code === 'EPIPE' ? readerGone() : error)
        })
      })
    },
  }
}
