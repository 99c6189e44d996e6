import { Duplex } from 'node:stream'
import { asDuplex, type MessageSocket, type Multiplex, multiplexOver } from '@reeve/base'
import { type ProcessRecord, recordParser, type StreamHeader } from '@reeve/sdk'
import type { AcceptStreams } from './accept-streams.ts'

/** The control plane's end of a connection to these streams, without a network between. */
export function streamsTo(accept: AcceptStreams): { open(header: StreamHeader): Duplex } & Disposable {
  const ends: { opener?: Multiplex; acceptor?: Multiplex } = {}
  const line = (to: () => Multiplex | undefined): MessageSocket => ({
    send: (data, _, done) =>
      void setImmediate(() => {
        to()?.take(data)
        done()
      }),
  })
  ends.opener = multiplexOver(
    line(() => ends.acceptor),
    { accept: null },
  )
  ends.acceptor = multiplexOver(
    line(() => ends.opener),
    { accept },
  )
  const { opener, acceptor } = ends
  return {
    open: (header) =>
      asDuplex(
        (options) => new Duplex(options),
        (handlers) => opener.open(Buffer.from(JSON.stringify(header)), handlers),
      ),
    [Symbol.dispose]() {
      opener.close('over')
      acceptor.close('over')
      accept[Symbol.dispose]()
    },
  }
}

/** What came, as it comes, and as text when it is asked for. */
export function recordsOf(duplex: Duplex) {
  const records: ProcessRecord[] = []
  const read = recordParser()
  const ended = new Promise<void>((resolve) => duplex.once('end', resolve).once('close', resolve))
  duplex.on('error', () => {}).on('data', (piece: Buffer) => void records.push(...read(piece)))
  const text = (wanted: ProcessRecord['kind']): string =>
    Buffer.concat(records.filter(({ kind }) => kind === wanted).map(({ bytes }) => bytes)).toString('utf8')
  return { text, ended }
}
