import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Fault } from '@reeve/base'
import type { Io } from './io.ts'
import { interrupted } from './stopped.ts'

/** Asks one question on the terminal. What is typed to a secret one is not shown. Ctrl-C and Ctrl-D leave the command. */
export async function ask(io: Io, label: string, secret: boolean): Promise<string> {
  let muted = false
  const echo = new Writable({
    write(chunk, _, done) {
      if (!muted) io.stderr.write(chunk)
      done()
    },
  })
  const lines = createInterface({ input: io.stdin, output: echo, terminal: true, historySize: 0 })
  const ended = new AbortController()
  const stop = () => ended.abort()
  // In raw mode Ctrl-C is a key, not a signal; Ctrl-D closes the interface.
  lines.on('SIGINT', stop).on('close', stop)
  io.signal.addEventListener('abort', stop, { once: true })
  try {
    const answer = lines.question(`${label}: `, { signal: ended.signal })
    muted = secret
    return await answer
  } catch (thrown) {
    if (ended.signal.aborted) throw interrupted()
    throw thrown
  } finally {
    io.signal.removeEventListener('abort', stop)
    lines.close()
    if (secret) io.stderr.write('\n')
  }
}

const lineCharsMax = 64 * 1024

/** The lines of stdin, for `--…-stdin` flags: a secret is one line, and its line break is not part of it. */
export async function readStdinLines(io: Io, count: number, flag: string): Promise<string[]> {
  let text = ''
  io.stdin.setEncoding('utf8')
  for await (const piece of io.stdin) {
    text += piece
    if (text.length > lineCharsMax) throw new Fault('invalid', `stdin is too long for ${flag}`)
    if (text.split('\n').length > count) break
  }
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  if (lines.slice(0, count).some((line) => line === '') || lines.length < count) {
    throw new Fault(
      'invalid',
      `${flag} expects ${count === 1 ? 'a line' : `${count} lines`} on stdin, and there was none`,
    )
  }
  return lines.slice(0, count)
}
