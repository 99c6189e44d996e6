import { spawn } from 'node:child_process'
import { Fault } from '@reeve/base'
import type { Account } from './account.ts'
import { childOptions } from './child.ts'

/**
 * One server to a data directory. The lock is the kernel's (flock), so that it ends with its holder, however that ends,
 * and holds across containers that share the directory. Node cannot take such a lock itself; `flock` of util-linux can,
 * and turns into a `cat` that lives exactly as long as the pipe from us.
 */
export async function lockFile(path: string, account: Account | null, dataDir: string): Promise<AsyncDisposable> {
  // It waits a moment, for the `cat` of a server that was killed just now may not have noticed yet.
  const holder = spawn('flock', ['--exclusive', '--wait', '2', '--no-fork', path, 'cat'], {
    ...childOptions(account, '/'),
    stdio: ['pipe', 'pipe', 'ignore'],
    // A session of its own: Ctrl-C in a terminal is for us, who give the lock back last.
    detached: true,
  })
  const gone = new Promise<void>((resolve) => holder.once('close', () => resolve()))
  const held = await new Promise<boolean>((resolve, reject) => {
    holder.once('error', (cause) => {
      reject(new Fault('unavailable', 'the program flock, of util-linux, cannot be started', { cause }))
    })
    holder.stdout.once('data', () => resolve(true))
    holder.once('close', () => resolve(false))
    // What comes back is what `cat` echoes: it runs, so the lock is held.
    holder.stdin.on('error', () => {})
    holder.stdin.write('held\n')
  })
  if (!held) {
    throw new Fault('conflict', `another Reeve is running on ${dataDir}`, {
      fix: 'stop it first, or give this one another REEVE_DATA_DIR',
    })
  }
  holder.unref()
  return {
    async [Symbol.asyncDispose]() {
      holder.ref()
      holder.stdin.end()
      await gone
    },
  }
}
