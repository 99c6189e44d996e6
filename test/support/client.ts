import { request, type IncomingMessage } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** False when the connection broke before the answer was complete. */
  readonly complete: boolean
}

export interface Ask {
  readonly method?: string
  /** In order, duplicates included. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  /** Hangs up once this many bytes of the answer's body have come. */
  readonly hangUpAfterBytes?: number
  readonly onBytes?: (bytes: Buffer) => void
  readonly signal?: AbortSignal
}

/**
 * One request on a connection of its own. Headers go out exactly as listed; a broken answer is a result and not an
 * exception. Rejects only when no answer began.
 */
export function ask(url: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const listed = (options.headers ?? []).flatMap(([name, value]) => [name, value])
    const length = options.body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(options.body))]
    const call = request(url, {
      agent: false,
      method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
      headers: ['Host', new URL(url).host, ...listed, ...length, 'Connection', 'close'],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    call.on('error', reject)
    call.on('response', (response) => {
      const pieces: Buffer[] = []
      let size = 0
      const finish = (): void => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces),
          complete: response.complete,
        })
      }
      response.on('data', (piece: Buffer) => {
        pieces.push(piece)
        size += piece.length
        options.onBytes?.(piece)
        if (options.hangUpAfterBytes !== undefined && size >= options.hangUpAfterBytes) call.destroy()
      })
      response.on('error', () => {})
      response.on('close', finish)
      call.off('error', reject)
      call.on('error', () => {})
    })
    call.end(options.body)
  })
}
