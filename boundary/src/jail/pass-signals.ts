import { closeSync, openSync } from 'node:fs'
import type { Jail } from './jail.ts'

/**
 * Passes on to the command what this process is told. What the terminal sends, it sends to the command itself, which is in
 * the same job: then this process only stays alive, and stops when the command has stopped, so that a shell sees the job
 * stop and `fg` continues all of it.
 */
export function passSignals(): { to(jail: Jail): void; stopped(): void } & Disposable {
  let jail: Jail | null = null
  const fromTerminal = hasTerminal()
  const listeners = new Map<NodeJS.Signals, () => void>()
  const always: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGCONT']
  const byTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP']
  for (const name of always) listeners.set(name, () => jail?.signal(name))
  for (const name of byTerminal) listeners.set(name, () => (fromTerminal ? undefined : jail?.signal(name)))
  for (const [name, listener] of listeners) process.on(name, listener)
  return {
    to: (started) => void (jail = started),
    stopped: () => void process.kill(process.pid, 'SIGSTOP'),
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) process.off(name, listener)
    },
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
