/**
 * One owner for a directory. The lock is an abstract unix socket (Linux) named by device and inode of the directory: two
 * paths to one directory meet, and the kernel frees the name when the holder dies, however it dies. The holder answers
 * a connection with its process id, so that the message to the second can name it.
 *
 * Abstract names belong to a network namespace and have no owner: two containers that share a volume do not see each
 * other's lock, and another user of the machine could take the name first, which keeps us out and lets nobody in.
 */
import { stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { Fault } from '@reeve/base'
import { errorCode } from './journal-fs.ts'

const answerWaitMs = 1_000

export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const { dev, ino } = await stat(directory, { bigint: true })
  const address = `\0reeve-journal-${dev}-${ino}`
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(`${process.pid}\n`)
    socket.destroySoon()
  })
  try {
    await listening(server, address)
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw error
    const pid = await holderOf(address)
    throw new Fault('conflict', `The journal in ${directory} is in use by ${pid ?? 'another process'}.`, {
      fix: 'Stop the other process, or give this one a data directory of its own.',
      cause: error,
    })
  }
  // The lock alone is no reason to keep a process alive.
  server.unref()
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function listening(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: address }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** `process 4711`, or null when the holder does not say within a second. The answer is shown, never acted on. */
function holderOf(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ path: address })
    let answer = ''
    const settle = () => {
      socket.destroy()
      const pid = /^(\d{1,10})\n$/.exec(answer)?.[1]
      resolve(pid === undefined ? null : `process ${pid}`)
    }
    socket.setEncoding('latin1')
    socket.setTimeout(answerWaitMs, settle)
    socket.on('data', (text: string) => {
      answer += text
      if (answer.length > 32) settle()
    })
    socket.on('end', settle)
    socket.on('error', settle)
  })
}
