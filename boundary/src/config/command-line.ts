import type { Problem } from '@reeve/base'
import { type Option, options } from './options.ts'

/** What the first word asks for; without one of these a command is run. */
export const verbs = [
  'check',
  'explain-url',
  'import',
  'log',
  'snapshots',
  'changes',
  'apply',
  'discard',
  'help',
  'version',
] as const
export type Verb = (typeof verbs)[number] | 'run'

export interface CommandLine {
  readonly verb: Verb
  /** What follows the verb; of `run` the command with its arguments. */
  readonly words: readonly string[]
  readonly flags: readonly { readonly option: Option; readonly value: string | boolean }[]
  readonly problems: readonly Problem[]
}

/**
 * Splits `boundary [flags] -- command`. What stands behind `--` is never looked at; without it the first word that is
 * no flag begins the command. Verbs read the flags that they do not share with the boundary themselves.
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const [first = '', ...rest] = argv
  const verb = verbs.find((one) => one === first)
  if (verb !== undefined && verb !== 'explain-url') return { verb, words: rest, flags: [], problems: [] }
  const { flags, words, problems, asked } = readFlags(verb === undefined ? argv : rest)
  return { verb: asked ?? verb ?? 'run', words, flags, problems }
}

interface Reading {
  readonly flags: { readonly option: Option; readonly value: string | boolean }[]
  readonly problems: Problem[]
  words: readonly string[]
  asked: 'help' | 'version' | null
}

function readFlags(argv: readonly string[]): Reading {
  const reading: Reading = { flags: [], problems: [], words: [], asked: null }
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at]!
    if (word === '--' || !word.startsWith('-')) {
      reading.words = argv.slice(word === '--' ? at + 1 : at)
      return reading
    }
    at += readFlag(reading, word, argv[at + 1])
  }
  return reading
}

/** Notes one flag; says how many words more than itself it took. */
function readFlag(reading: Reading, word: string, next: string | undefined): 0 | 1 {
  const [name = '', value] = split(word)
  if (word === '-h' || name === 'help') reading.asked = 'help'
  else if (name === 'version') reading.asked = 'version'
  else {
    const option: Option | undefined = options.find(({ flag }) => flag === (word === '-v' ? 'verbose' : name))
    if (option === undefined) {
      reading.problems.push({ field: word.split('=')[0]!, detail: 'is not known; the command follows behind --' })
    } else if (option.kind === 'switch') {
      reading.flags.push({ option, value: value ?? true })
    } else if (value !== undefined) {
      reading.flags.push({ option, value })
    } else if (next === undefined || next === '--') {
      reading.problems.push({ field: word, detail: 'wants a value' })
    } else {
      reading.flags.push({ option, value: next })
      return 1
    }
  }
  return 0
}

function split(word: string): readonly [string, string?] {
  const bare = word.replace(/^--?/, '')
  const mark = bare.indexOf('=')
  return mark < 0 ? [bare] : [bare.slice(0, mark), bare.slice(mark + 1)]
}

export function helpText(): string {
  const shown = options.filter(({ flag, help }) => flag !== null && help !== '')
  const lines = shown.map(
    ({ flag, kind, help }) => `  --${flag}${kind === 'switch' ? '' : ' <value>'}`.padEnd(36) + help,
  )
  return [
    'Usage: boundary [flags] -- <command> [arguments]',
    '',
    'Runs a command behind a policy: what it may reach, which files it may touch, which programs it may start.',
    '',
    'Flags (each is also a variable, REEVE_BOUNDARY_ and its name in capitals, and most are a key of the file):',
    ...lines,
    '  --version                         the version',
    '',
    'Other uses:',
    '  boundary check                    what this machine can hold, and the remedy for what it cannot',
    '  boundary explain-url GET <url>    what the policy says to one request, and why',
    '  boundary import <config.yaml>     an allow-list as a policy document',
    '  boundary log                      the decisions of a session',
    '  boundary snapshots                copies of the workspace from before a session: list, show, restore',
    '  boundary changes|apply|discard    what a session in overlay mode has changed',
    '',
    'The file is ~/.config/reeve/boundary.yaml, else ~/.config/coder_boundary/config.yaml.',
    '',
  ].join('\n')
}
