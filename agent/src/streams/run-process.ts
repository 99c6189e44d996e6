import { spawn } from 'node:child_process'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { OfferedStream, StreamHandlers } from '@reeve/base'
import { type ProcessRecord, recordOf, recordParser } from '@reeve/sdk'
import type { Place } from './place.ts'
import { duplexOf } from './duplex-of.ts'

/** A command with pipes. Standard output and error stay apart, and its exit code is told; it goes when the stream does. */
export function runProcess(command: string, { env, directory, shell }: Place, offered: OfferedStream): StreamHandlers {
  const [duplex, handlers] = duplexOf(offered)
  const args = command === '' ? [] : ['-c', command]
  const child = spawn(shell, args, { env, cwd: directory, detached: true, stdio: 'pipe' })
  child.once('error', (error) => end(duplex, { code: 127, said: `${shell} cannot be run: ${error.message}\n` }))
  sendOn(child.stdout, 'output', duplex)
  sendOn(child.stderr, 'error', duplex)
  // The command may have ended, or closed its input: what still comes for it is nobody's.
  child.stdin.on('error', () => {})
  readRecords(duplex, ({ kind, bytes }) => {
    if (kind === 'input') return feed(child.stdin, bytes, duplex)
    if (kind === 'input_end') child.stdin.end()
  })
  child.once('close', (code, signal) => end(duplex, { code: code ?? 128, signal: signal ?? undefined }))
  duplex.once('close', () => killGroup(child.pid))
  offered.take()
  return handlers
}

/** Calls back with each record; a stream that carries none is reset. */
export function readRecords(duplex: Duplex, take: (record: ProcessRecord) => void): void {
  const read = recordParser()
  duplex.on('data', (piece: Buffer) => {
    try {
      for (const record of read(piece)) take(record)
    } catch {
      duplex.destroy()
    }
  })
}

export function feed(input: Writable, bytes: Uint8Array, from: Duplex): void {
  if (input.destroyed || input.writableEnded || input.write(bytes)) return
  from.pause()
  const goOn = (): void => void from.resume()
  input.once('drain', goOn).once('close', goOn)
}

function sendOn(from: Readable, kind: 'output' | 'error', to: Duplex): void {
  from.on('data', (bytes: Buffer) => {
    if (to.destroyed || to.write(recordOf(kind, bytes))) return
    from.pause()
    to.once('drain', () => from.resume())
  })
}

interface Ending {
  readonly code: number
  readonly signal?: string | undefined
  readonly said?: string
}

/** The last word of a process. */
export function end(duplex: Duplex, { code, signal, said }: Ending): void {
  if (duplex.destroyed || duplex.writableEnded) return
  if (said !== undefined) duplex.write(recordOf('error', said))
  duplex.end(recordOf('exit', JSON.stringify({ code, ...(signal === undefined ? {} : { signal }) })))
}

const endWithinMs = 5_000

/** As a terminal that is hung up does it; who does not listen to that is killed. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals = 'SIGHUP'): void {
  if (pid === undefined || !signalGroup(pid, signal)) return
  setTimeout(() => signalGroup(pid, 'SIGKILL'), endWithinMs).unref()
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    // It is gone already.
    return false
  }
}
