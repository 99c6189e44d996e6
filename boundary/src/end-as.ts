import { constants } from 'node:os'
import type { Exit } from './jail/jail.ts'

/** Signals that would leave a core, and in it the session's keys: said by number instead, as a shell says it. */
const withCore = new Set<NodeJS.Signals>(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGXCPU', 'SIGXFSZ', 'SIGSYS']) // prettier-ignore

/** Ends this process as the command ended: with its code, or by its signal. */
export async function endAs({ code, signal }: Exit): Promise<never> {
  if (signal === null) process.exit(code ?? 1)
  if (!withCore.has(signal)) {
    process.kill(process.pid, signal)
    // It comes with the next turn, if it comes: some are ignored.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  process.exit(128 + constants.signals[signal])
}
