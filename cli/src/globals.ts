import { checkTimeZone } from './instants.ts'
import { type Format, formats } from './output/print.ts'
import type { ColorChoice } from './output/style.ts'
import { type AnyOption, choice, duration, flag, text } from './option.ts'

/** Flags that every command takes. */
export const globalOptions = {
  output: choice(formats, 'format of the answer (default: table)'),
  columns: text('a,b', 'columns of table and csv, in this order'),
  tz: text('zone', 'time zone for times, such as Europe/Berlin'),
  color: choice(['auto', 'always', 'never'], 'colours (default: auto; NO_COLOR is honoured)'),
  url: text('url', 'the deployment to ask (REEVE_URL)'),
  token: text('token', 'the token to ask with (better: REEVE_SESSION_TOKEN)'),
  timeout: duration('how long to wait for an answer (default: 60s)'),
  yes: flag('do not ask before what cannot be undone'),
  noInput: flag('never ask; fail and name the missing flag'),
  verbose: flag('show where an error came from'),
} satisfies Record<string, AnyOption>

export const globalShorts: Readonly<Record<string, string>> = { output: '-o', yes: '-y', verbose: '-v' }

export interface Globals {
  readonly format: Format
  readonly columns: readonly string[] | null
  readonly timeZone: string | undefined
  readonly color: ColorChoice
  readonly url: string | undefined
  readonly token: string | undefined
  readonly timeoutMs: number | undefined
  readonly yes: boolean
  readonly noInput: boolean
  readonly verbose: boolean
}

type Given = { readonly [K in keyof typeof globalOptions]?: (typeof globalOptions)[K]['type'] }

export function readGlobals(given: Given): Globals {
  return {
    format: given.output ?? 'table',
    columns: given.columns === undefined ? null : given.columns.split(',').map((name) => name.trim()),
    timeZone: given.tz === undefined ? undefined : checkTimeZone(given.tz),
    color: given.color ?? 'auto',
    url: given.url,
    token: given.token,
    timeoutMs: given.timeout,
    yes: given.yes === true,
    noInput: given.noInput === true,
    verbose: given.verbose === true,
  }
}
