import type { Io } from '../io.ts'

/** Colour never carries meaning alone: every styled word reads the same without it. */
export interface Style {
  dim(text: string): string
  bold(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  blue(text: string): string
  magenta(text: string): string
  cyan(text: string): string
}

const sgr = (open: number, close: number) => (text: string) =>
  text === '' ? '' : `\u001B[${open}m${text}\u001B[${close}m`
const same = (text: string): string => text

const coloured: Style = {
  dim: sgr(2, 22),
  bold: sgr(1, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  blue: sgr(34, 39),
  magenta: sgr(35, 39),
  cyan: sgr(36, 39),
}

const plain: Style = {
  dim: same,
  bold: same,
  red: same,
  green: same,
  yellow: same,
  blue: same,
  magenta: same,
  cyan: same,
}

export type ColorChoice = 'auto' | 'always' | 'never'

/** The flag decides, then NO_COLOR and FORCE_COLOR (no-color.org, force-color.org), then whether a terminal is there. */
export function styleFor(choice: ColorChoice, env: Io['env'], isTerminal: boolean): Style {
  if (choice !== 'auto') return choice === 'always' ? coloured : plain
  if ((env['NO_COLOR'] ?? '') !== '' || env['CLICOLOR'] === '0' || env['TERM'] === 'dumb') return plain
  if ((env['FORCE_COLOR'] ?? '0') !== '0') return coloured
  return isTerminal ? coloured : plain
}
