import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault, toError } from '@reeve/base'

/** Writes beside the file and moves it there at the end: a download that breaks off leaves what was there before. */
export async function saveTo(
  file: string,
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const half = `${file}.part`
  let bytes = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body instanceof ReadableStream ? chunks(body) : body) {
      bytes += chunk.length
      yield chunk
    }
  }
  try {
    await pipeline(Readable.from(counted(), { objectMode: false }), createWriteStream(half, { mode: 0o600 }))
    await rename(half, file)
    return bytes
  } catch (thrown) {
    await rm(half, { force: true })
    if (thrown instanceof Fault) throw thrown
    throw new Fault('internal', `cannot write ${file}: ${toError(thrown).message}`, { cause: thrown })
  }
}

export async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    await reader.cancel().catch(() => {})
  }
}
