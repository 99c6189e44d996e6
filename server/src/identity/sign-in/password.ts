import { type Algorithm, hash, verify } from '@node-rs/argon2'
import { Fault } from '@reeve/base'

/**
 * Passwords as argon2id, with the parameters that OWASP names first (19 MiB, two passes). Each hash holds 19 MiB and a
 * core for some 15 ms: only a few run at once and only a bounded number may wait, so that a flood of sign-ins takes
 * neither the memory nor the CPU from the rest of the server.
 */
export interface Passwords {
  hash(password: string): Promise<string>
  /** `stored` is null when there is no such user: the answer is no, and takes as long as any other. */
  verify(stored: string | null, password: string): Promise<boolean>
}

// SAFETY: `Algorithm` is a const enum, of which only the type exists here; 2 is its Argon2id.
const parameters = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const runningMax = 2
const waitingMax = 100

export function createPasswords(): Passwords {
  const waiting: (() => void)[] = []
  let running = 0
  let decoy: Promise<string> | null = null

  async function take<T>(work: () => Promise<T>): Promise<T> {
    if (running >= runningMax) {
      if (waiting.length >= waitingMax)
        throw new Fault('unavailable', 'too many people are signing in', { fix: 'try again in a moment' })
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      // A free place goes to whoever waits longest, without being given up in between.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    hash: (password) => take(() => hash(password, parameters)),
    async verify(stored, password) {
      decoy ??= hash('no password at all', parameters)
      const against = stored ?? (await decoy)
      const matches = await take(() => verify(against, password))
      return matches && stored !== null
    },
  }
}
