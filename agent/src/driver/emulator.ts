import type { TerminalSize } from '@reeve/sdk'
import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs'

/** What a terminal would show of the bytes that were written to it. */
export interface Emulator extends Disposable {
  /** `done` is called when they are on the screen. */
  write(bytes: Uint8Array, done: () => void): void
  /** All that can be read, also what was scrolled away; lines that only the terminal broke are whole. */
  lines(): readonly string[]
  /** What is on the screen, as it is broken there. */
  screen(): string
  /** Whether the program has asked to be told what is pasted and what is typed. */
  knowsPaste(): boolean
  /** Whether the cursor stands on an empty line below all that is there. */
  isCursorBelow(): boolean
}

/** Of what has left the screen at its top. */
const scrollbackRows = 4000

/** `reply` is called with the terminal's answers to what the program asks of it, such as where the cursor is. */
export function openEmulator({ columns, rows }: TerminalSize, reply: (answer: string) => void): Emulator {
  const terminal = new Terminal({ cols: columns, rows, scrollback: scrollbackRows, allowProposedApi: true })
  terminal.onData(reply)
  const read = (from: number): string[] => {
    const buffer = terminal.buffer.active
    const lines: string[] = []
    for (let y = from; y < buffer.length; y++) lines.push(buffer.getLine(y)?.translateToString(true) ?? '')
    return lines
  }
  return {
    write: (bytes, done) => terminal.write(bytes, done),
    lines() {
      const buffer = terminal.buffer.active
      const whole: string[] = []
      for (const [y, text] of read(0).entries()) {
        if (whole.length > 0 && buffer.getLine(y)?.isWrapped === true) whole.push(`${whole.pop()}${text}`)
        else whole.push(text)
      }
      // Agents that paint the whole screen write blanks to the end of every line.
      const trimmed = whole.map((line) => line.trimEnd())
      return trimmed.slice(0, trimmed.findLastIndex((line) => line !== '') + 1)
    },
    screen: () =>
      read(terminal.buffer.active.baseY)
        .map((line) => line.trimEnd())
        .join('\n')
        .trimEnd(),
    knowsPaste: () => terminal.modes.bracketedPasteMode,
    isCursorBelow() {
      const { baseY, cursorY } = terminal.buffer.active
      return read(baseY + cursorY).every((line) => line.trim() === '')
    },
    [Symbol.dispose]: () => terminal.dispose(),
  }
}
