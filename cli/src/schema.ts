import { commands, elsewhere } from './commands.ts'
import { aliases, groups } from './nouns.ts'
import { exitCodes } from './failure.ts'
import { matchedWords } from './find-command.ts'
import { globalOptions, globalShorts } from './globals.ts'
import type { Command } from './command.ts'
import { type AnyOption, kebab } from './option.ts'
import { version } from './version.ts'

/** What `--help -o json` prints: the commands under the words given, as data for programs that write command lines. */
export function commandSchema(words: readonly string[]) {
  const named = matchedWords(words)
  return {
    name: 'reeve',
    version,
    options: Object.entries(globalOptions).map(([key, option]) => describeOption(key, option)),
    groups,
    aliases,
    exit_codes: exitCodes,
    commands: commands.filter((command) => named.every((word, i) => command.path[i] === word)).map(describeCommand),
    elsewhere,
  }
}

function describeCommand(command: Command) {
  return {
    command: command.path.join(' '),
    summary: command.summary,
    details: command.details,
    arguments: Object.entries(command.args).map(([key, argument]) => ({ name: kebab(key), ...argument })),
    options: Object.entries(command.options).map(([key, option]) => describeOption(key, option)),
    examples: command.examples,
  }
}

function describeOption(key: string, option: AnyOption) {
  return {
    flag: `--${kebab(key)}`,
    short: option.short ?? globalShorts[key] ?? null,
    value: option.value,
    choices: option.choices,
    repeats: option.repeats,
    description: option.description,
  }
}
