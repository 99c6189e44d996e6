import type { CustomFetchOptions } from 'openid-client'

/** The provider cannot be spoken to at the moment: nothing that it would say is known. */
export class UnreachableProvider extends Error {}

const answerBytesMax = 1024 * 1024

/**
 * How the identity provider is asked over HTTP. It is configured and trusted to say who somebody is, and for nothing
 * else: it cannot send this server elsewhere, and it cannot fill its memory.
 */
export async function askProvider(url: string, options: CustomFetchOptions): Promise<Response> {
  const { host } = new URL(url)
  const answer = await fetch(url, { ...options, body: options.body ?? null, redirect: 'manual' }).catch(
    (thrown: unknown) => {
      const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : ''
      throw new UnreachableProvider(`${host} does not answer${cause === '' ? '' : ` (${cause})`}`, { cause: thrown })
    },
  )
  if (answer.status >= 500 || answer.status === 429) {
    await answer.body?.cancel()
    throw new UnreachableProvider(`${host} answers with status ${answer.status}`)
  }
  const bytes = await readBounded(answer, host)
  return new Response(bytes.length === 0 ? null : bytes, { status: answer.status, headers: answer.headers })
}

async function readBounded(answer: Response, host: string): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of answer.body ?? []) {
      size += part.length
      if (size > answerBytesMax) throw new UnreachableProvider(`${host} answers with more than ${answerBytesMax} bytes`)
      parts.push(part)
    }
  } catch (thrown) {
    if (thrown instanceof UnreachableProvider) throw thrown
    throw new UnreachableProvider(`the answer of ${host} broke off`, { cause: thrown })
  }
  return Buffer.concat(parts)
}
