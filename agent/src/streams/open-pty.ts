import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import type { TerminalSize } from '@reeve/sdk'
import type { Place } from './place.ts'
import { killGroup } from './run-process.ts'

/** A pseudo-terminal with a shell, or a command, behind it. */
export interface Pty {
  /** Of what holds the terminal, whose child runs in it; undefined where none could be opened. */
  readonly pid: number | undefined
  readonly input: Writable
  resize(size: TerminalSize): void
  /** Nothing is read while it is held, and the shell waits when its terminal is full. */
  hold(isHeld: boolean): void
  kill(): void
}

export interface PtyEvents {
  output(bytes: Uint8Array): void
  exit(ending: { readonly code: number; readonly signal?: string | undefined; readonly said?: string }): void
}

/**
 * Node has no pseudo-terminals, and this agent is one file of JavaScript for every machine: `script` of util-linux opens
 * one, and `stty` sets its size from outside, on the device whose name is told over a pipe of its own. The shell is not a
 * login shell: a profile would set another PATH than that of the workspace.
 */
export function openPty(
  command: string,
  size: TerminalSize,
  { env, directory, shell }: Place,
  { output, exit }: PtyEvents,
): Pty {
  const then = command === '' ? 'exec "$SHELL"' : `exec "$SHELL" -c ${quoted(command)}`
  const inside = `tty >&3; exec 3>&-; stty sane ${sizeWords(size)}; SHELL=${quoted(shell)}; export SHELL; ${then}`
  const child = spawn('script', ['-q', '-f', '-e', '-c', inside, '/dev/null'], {
    env: { ...env, TERM: env['TERM'] ?? 'xterm-256color', SHELL: '/bin/sh' },
    cwd: directory,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  let named = ''
  let device: string | null = null
  let wanted: TerminalSize | null = null
  let isSizing = false

  function applySize(): void {
    if (wanted === null || isSizing || device === null) return
    isSizing = true
    const stty = spawn('stty', ['-F', device, ...sizeWords(wanted).split(' ')], { stdio: 'ignore', env })
    wanted = null
    const done = (): void => {
      isSizing = false
      applySize()
    }
    stty.once('close', done).once('error', () => {})
  }

  child.stdio[3]?.on('data', (bytes: Buffer) => {
    named += bytes.toString('latin1')
    device = /^(\/dev\/[\w/]+)\n/.exec(named)?.[1] ?? null
    applySize()
  })
  child.stdout.on('data', output)
  child.stderr.on('data', output)
  child.stdin.on('error', () => {})
  child.once('error', () =>
    exit({ code: 127, said: 'this workspace has no terminals: install script of util-linux\n' }),
  )
  child.once('close', (code, signal) => exit({ code: code ?? 128, signal: signal ?? undefined }))
  return {
    pid: child.pid,
    input: child.stdin,
    resize(given) {
      wanted = given
      applySize()
    },
    hold: (isHeld) => void (isHeld ? child.stdout.pause() : child.stdout.resume()),
    // Its end hangs the terminal up.
    kill: () => killGroup(child.pid, 'SIGTERM'),
  }
}

const sizeWords = ({ columns, rows }: TerminalSize): string => `rows ${rows} columns ${columns}`
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
