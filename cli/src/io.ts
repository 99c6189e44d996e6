import { spawn } from 'node:child_process'
import { homedir } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { type Clock, systemClock } from '@reeve/base'

/**
 * Everything outside that a command may touch, as one value: a test hands in its own, and nothing else in this package
 * reads `process`. Files are reached through `node:fs` with paths that are made from `home`, `cwd` and `env`.
 */
export interface Io {
  readonly stdout: Writable
  readonly stderr: Writable
  readonly stdin: Readable
  /** Whether a person is at that end. */
  readonly tty: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** Width of the terminal behind stdout; asked again for every table. */
  columns(): number
  /** The terminal itself, to hand its keys and its size on to another; null where there is none at both ends. */
  readonly terminal: Terminal | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly cwd: string
  readonly hostname: string
  readonly runtime: { readonly node: string; readonly platform: string }
  readonly clock: Clock
  /** Shows an address in the person's browser, where there is one; does nothing where not. */
  openBrowser(url: string): void
  /** Aborted by Ctrl-C, and when whoever reads stdout has gone. */
  readonly signal: AbortSignal
}

export interface Terminal {
  size(): { readonly columns: number; readonly rows: number }
  onResize(listener: () => void): Disposable
  /** Keys come one by one, and none of them does anything here. */
  raw(isRaw: boolean): void
}

export function processIo(signal: AbortSignal, hostname: string): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    tty: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
    columns: () => process.stdout.columns ?? 80,
    terminal: process.stdin.isTTY && process.stdout.isTTY ? ownTerminal() : null,
    env: process.env,
    home: homedir(),
    cwd: process.cwd(),
    hostname,
    runtime: { node: process.versions.node, platform: `${process.platform}-${process.arch}` },
    clock: systemClock,
    openBrowser,
    signal,
  }
}

const ownTerminal = (): Terminal => ({
  size: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }),
  onResize(listener) {
    process.stdout.on('resize', listener)
    return { [Symbol.dispose]: () => void process.stdout.off('resize', listener) }
  },
  raw: (isRaw) => void process.stdin.setRawMode(isRaw),
})

/** The opener is left to itself: whether it finds a browser is not known, and the address was printed anyway. */
function openBrowser(url: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}
