import type { Writable } from 'node:stream'
import type { Log } from '@reeve/base'
import { destination, type Logger, pino, stdTimeFunctions, type DestinationStream } from 'pino'

/** Where the server's log goes: lines of JSON for machines, lines of text for a terminal. */
export interface ServerLog {
  readonly log: Log
  /** In text, what is written before the start has been announced is kept to warnings, so that the summary stands alone. */
  announced(): void
}

export function openLog(format: 'text' | 'json', verbose: boolean, stderr: Writable): ServerLog {
  let quiet = format === 'text' && !verbose
  const lines: DestinationStream =
    format === 'json'
      ? stderr === process.stderr
        ? destination({ fd: 2, sync: true })
        : stderr
      : { write: (line) => void (isShown(line, quiet) && stderr.write(textLine(line))) }
  const logger: Logger = pino(
    {
      level: verbose ? 'debug' : 'info',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    lines,
  )
  return {
    log: logger,
    announced() {
      quiet = false
    },
  }
}

interface Line {
  readonly level: string
  readonly time: string
  readonly msg: string
  readonly err?: { readonly message?: string; readonly stack?: string }
}

const isShown = (line: string, quiet: boolean): boolean => !quiet || !/^\{"level":"(?:info|debug)"/.test(line)

/** What is in a line may come from a client: control characters could otherwise forge lines or move the cursor. */
function textLine(json: string): string {
  // SAFETY: pino wrote this line a moment ago, with these fields.
  const { level, time, msg, err, ...facts } = JSON.parse(json) as Line & Record<string, unknown>
  const shown = Object.entries(facts).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  if (err !== undefined) shown.push(`error=${JSON.stringify(err.message ?? '')}`)
  const head = `${time.slice(11, 19)} ${level.padEnd(5)} ${msg}${shown.length > 0 ? `  ${shown.join(' ')}` : ''}`
  const stack = level === 'error' && err?.stack !== undefined ? `\n${err.stack}` : ''
  return `${printable(head)}${stack.split('\n').map(printable).join('\n')}\n`
}

const printable = (text: string): string =>
  text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
