import { readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * One holder for a session on this machine: the boundary that runs it, or the one that delivers what it left. The lock is
 * an abstract unix socket (Linux), whose name the kernel frees when the holder dies, however it dies. Null when somebody
 * else has it. Such names belong to a network namespace: of a holder in another container only the heartbeat is seen.
 */
export function lockSession(id: string): Promise<AsyncDisposable | null> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen({ path: `\0reeve-boundary-${id}` }, () => {
      // The lock alone is no reason to keep a process alive.
      server.unref()
      resolve({ [Symbol.asyncDispose]: () => new Promise((done) => server.close(() => done())) })
    })
  })
}

/** Where the lock is seen: this start of this machine, and this network namespace. */
export function lockScope(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/net')}`
  } catch {
    return 'unknown'
  }
}
