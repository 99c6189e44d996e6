import type { Duplex, Readable, Writable } from 'node:stream'

/** Bytes that went each way. */
export interface Traffic {
  up: number
  down: number
}

/** Joins two connections until both directions ended; the traffic is counted as it goes. */
export async function splice(client: Duplex, server: Duplex, traffic: Traffic): Promise<void> {
  for (const side of [client, server]) side.on('error', () => side.destroy())
  const oneWay = async (from: Duplex, to: Duplex, count: (length: number) => void): Promise<void> => {
    const end = await pump(from, to, (length) => (count(length), true))
    if (end === 'ended') return void to.end()
    // It broke off: whoever reads the other end must not take what came for the whole.
    client.destroy()
    server.destroy()
  }
  await Promise.all([
    oneWay(client, server, (length) => (traffic.up += length)),
    oneWay(server, client, (length) => (traffic.down += length)),
  ])
}

export type PumpEnd = 'ended' | 'stopped' | 'source-broke' | 'sink-broke'

/**
 * Moves every byte from one to the other at the pace of the slower one, and ends neither. Before each piece `may` is asked
 * with its length; false stops there, the piece unsent.
 */
export async function pump(source: Readable, sink: Writable, may: (length: number) => boolean): Promise<PumpEnd> {
  return await new Promise((resolve) => {
    const stop = (end: PumpEnd): void => {
      source.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      sink.off('drain', onDrain).off('close', onSinkClose).off('error', onSinkClose)
      resolve(end)
    }
    const onData = (piece: Buffer): void => {
      if (!may(piece.length)) {
        source.pause()
        stop('stopped')
      } else if (!sink.write(piece)) source.pause()
    }
    const onDrain = (): void => void source.resume()
    const onEnd = (): void => stop('ended')
    const onClose = (): void => stop(source.readableEnded ? 'ended' : 'source-broke')
    const onSinkClose = (): void => stop('sink-broke')
    if (source.readableEnded) return resolve('ended')
    if (source.destroyed) return resolve('source-broke')
    if (sink.destroyed || sink.writableEnded) return resolve('sink-broke')
    sink.on('drain', onDrain).on('close', onSinkClose).on('error', onSinkClose)
    source.on('end', onEnd).on('close', onClose).on('error', onClose).on('data', onData)
  })
}
