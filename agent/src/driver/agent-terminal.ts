import { type Clock, Fault } from '@reeve/base'
import type { TerminalSize } from '@reeve/sdk'
import { setTimeout as wait } from 'node:timers/promises'
import { openPty } from '../streams/open-pty.ts'
import { field } from './agent-driver.ts'
import type { AgentProcess, AgentProcessOptions, StartAgent } from './agent-process.ts'
import { openEmulator } from './emulator.ts'
import { kill, killTree, markOf, parentOf, processIds } from './process-tree.ts'
import type { Look } from './screen.ts'

/** A place with a screen and keys for one agent after another. */
export interface AgentTerminal {
  readonly start: StartAgent
  /** Keys as a terminal sends them, to whoever runs in it. */
  type(keys: string): void
  /** Tells what is on the screen now and then whenever that changes, until the returned function is called. */
  watch(listener: (screen: string) => void): () => void
}

const lookEveryMs = 50
/** What is not yet on the screen; beyond it the agent waits. */
const unseenBytesMax = 1024 * 1024
/** What an agent has not read of what was typed. */
const unreadBytesMax = 2 * 1024 * 1024
const lastWordsChars = 1000

/**
 * The terminal says that it is one of the oldest kind, as AgentAPI's does: agents draw less for it, and what they draw is
 * easier to read.
 */
export function agentTerminal(size: TerminalSize, clock: Clock): AgentTerminal {
  const watchers = new Set<(screen: string) => void>()
  let type: ((keys: string) => void) | null = null
  let shown = ''
  const show = (screen: string): void => {
    if (screen === shown) return
    shown = screen
    for (const watcher of watchers) watcher(screen)
  }

  function start({ command, cwd, env, onLines }: AgentProcessOptions): AgentProcess {
    const ending = Promise.withResolvers<string>()
    const emulator = openEmulator(size, (reply) => send(reply))
    let unseen = 0
    let isFresh = true
    let lines: readonly string[] = []
    let isCursorBelow = false
    const pty = openPty(`exec ${command.map(quoted).join(' ')}`, size, placeOf(cwd, env), {
      output(bytes) {
        unseen += bytes.length
        pty.hold(unseen > unseenBytesMax)
        emulator.write(bytes, () => {
          unseen -= bytes.length
          pty.hold(unseen > unseenBytesMax)
          isFresh = true
        })
      },
      exit({ code, signal, said }) {
        clearInterval(looking)
        if (type === send) type = null
        const how = signal === undefined ? `with status ${code}` : `by ${signal}`
        // After all that was written before.
        emulator.write(new Uint8Array(), () => {
          look()
          const words = said ?? emulator.screen().slice(-lastWordsChars).trim()
          emulator[Symbol.dispose]()
          ending.resolve([`${command[0]} ended ${how}`, words].filter((one) => one !== '').join(': '))
        })
      },
    })
    const send = (keys: string): void => {
      if (pty.input.writable && pty.input.writableLength < unreadBytesMax) pty.input.write(keys)
    }
    const look = (): void => {
      if (isFresh) {
        lines = emulator.lines()
        isCursorBelow = emulator.isCursorBelow()
        show(emulator.screen())
      }
      isFresh = false
      const seen: Look = { lines, atMs: clock.monotonicMs(), knowsPaste: emulator.knowsPaste(), isCursorBelow }
      onLines([seen], 0)
    }
    const looking = setInterval(look, lookEveryMs)
    type = send
    const mark = pty.pid === undefined ? null : markOf(pty.pid)
    return {
      mark,
      ended: ending.promise,
      write(line) {
        const keys = field(line, 'keys')
        if (typeof keys === 'string') send(keys)
      },
      async stop(graceMs) {
        // The terminal's own process passes nothing on.
        for (const pid of processIds()) if (pty.pid !== undefined && parentOf(pid) === pty.pid) kill(pid, 'SIGINT')
        const patience = new AbortController()
        await Promise.race([ending.promise, wait(graceMs, undefined, { signal: patience.signal }).catch(() => {})])
        patience.abort()
        if (mark !== null) killTree(mark)
        await ending.promise
      },
    }
  }

  return {
    start,
    type(keys) {
      if (type === null) throw new Fault('unavailable', 'The agent is not running.')
      type(keys)
    },
    watch(listener) {
      listener(shown)
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
  }
}

function placeOf(directory: string, given: AgentProcessOptions['env']): Parameters<typeof openPty>[2] {
  const env = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  return { directory, env: { ...env, TERM: 'vt100' }, shell: env['SHELL'] ?? '/bin/sh' }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
