import type { Connect } from './providers/provider.ts'

/** As much as is needed here of what undici 8 reads a connection with. A test holds that it is found. */
interface Parser {
  paused: boolean
  readonly ptr: unknown
  readonly llhttp: { llhttp_resume(ptr: unknown): void }
  resume(): void
}

/**
 * A connection that ends while its answer is paused ends as any other. undici takes it for impossible that both happen at
 * once, and stops the process; it does where a provider that closes its connections has sent the last byte together with
 * the end, and the relay, which writes the record first, has it wait. Nothing is left to be read then, so to go on before
 * undici hears of the end gives out no byte more.
 */
export function endWhilePaused(connect: Connect): Connect {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      socket.prependListener('end', () => {
        const place = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
        const parser: unknown = place === undefined ? null : Reflect.get(socket, place)
        if (!isParser(parser) || !parser.paused) return
        parser.resume()
        // Without a length it is given the nothing that is left, which pauses it again.
        if (parser.paused) parser.llhttp.llhttp_resume(parser.ptr)
        parser.paused = false
      })
      return callback(null, socket)
    })
}

function isParser(value: unknown): value is Parser {
  return (
    typeof value === 'object' && value !== null && ['paused', 'ptr', 'llhttp', 'resume'].every((name) => name in value)
  )
}
