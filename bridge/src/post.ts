import { type Dispatcher, request } from 'undici'
import type { Post } from './providers/provider.ts'

const answerBytesMax = 64 * 1024

/** Posts forms to where a provider has its tokens from, over connections like those to the provider itself. */
export function postOver(dispatcher: Dispatcher, timeoutMs: number): Post {
  return async (url, form) => {
    const answer = await request(url, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form,
      signal: AbortSignal.timeout(timeoutMs),
    })
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of answer.body) {
      // SAFETY: the body of an answer gives Buffers.
      pieces.push(piece as Buffer)
      size += pieces.at(-1)!.length
      if (size > answerBytesMax) throw new RangeError('the answer is longer than any token is')
    }
    return { status: answer.statusCode, body: Buffer.concat(pieces).toString('utf8') }
  }
}
