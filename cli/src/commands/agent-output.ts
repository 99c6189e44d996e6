import type { Duplex } from 'node:stream'
import { Fault } from '@reeve/base'
import { recordParser } from '@reeve/sdk'
import type { Io } from '../io.ts'

/** What a process in a workspace says. Standard error goes its own way. Returns the exit code. */
export async function* outputOf(stream: Duplex, io: Pick<Io, 'stderr'>): AsyncGenerator<Uint8Array, number> {
  const read = recordParser()
  for await (const piece of stream) {
    for (const { kind, bytes } of read(piece)) {
      if (kind === 'output') yield bytes
      if (kind === 'error' && !io.stderr.write(bytes)) await new Promise((resolve) => io.stderr.once('drain', resolve))
      if (kind === 'exit') return Number(JSON.parse(new TextDecoder().decode(bytes)).code)
    }
  }
  throw new Fault('unavailable', 'the command was cut off')
}
