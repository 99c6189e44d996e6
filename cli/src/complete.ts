import { commands, elsewhere } from './commands.ts'
import { groups } from './nouns.ts'
import { canonical, findCommand } from './find-command.ts'
import { globalOptions } from './globals.ts'
import type { Command } from './command.ts'
import { type AnyOption, kebab } from './option.ts'

/**
 * What may come next. `words` are those after `reeve`, the last one being typed and maybe empty. Each candidate is a
 * word, a tab and what it is about.
 */
export function complete(words: readonly string[]): string[] {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const path = canonical(plainWords(before))
  const command = findCommand(path)
  const options: Readonly<Record<string, AnyOption>> = { ...command?.options, ...globalOptions }
  const previous = before.at(-1) ?? ''
  const asked = Object.entries(options).find(
    ([name, option]) =>
      previous === `--${kebab(name)}` || previous === option.short || (previous === '-o' && name === 'output'),
  )
  if (asked !== undefined && asked[1].value !== null)
    return (asked[1].choices ?? []).filter((value) => value.startsWith(typed))
  const candidates = typed.startsWith('-')
    ? Object.entries(options).map(([name, option]) => `--${kebab(name)}\t${option.description}`)
    : nextWords(path, command)
  return candidates.filter((candidate) => candidate.startsWith(typed))
}

/** The words that are neither flags nor the values of flags that every command takes. */
function plainWords(words: readonly string[]): string[] {
  const takesValue = (word: string | undefined) =>
    word === '-o' ||
    Object.entries(globalOptions).some(([name, option]) => option.value !== null && word === `--${kebab(name)}`)
  return words.filter((word, i) => !word.startsWith('-') && !takesValue(words[i - 1]))
}

function nextWords(path: readonly string[], command: Command | undefined): string[] {
  if (command !== undefined) return argumentWords(command, path.length - command.path.length)
  const next = new Map<string, string>()
  for (const candidate of commands) {
    if (candidate.path.length <= path.length || !path.every((word, i) => candidate.path[i] === word)) continue
    const word = candidate.path[path.length]!
    const isVerb = candidate.path.length === path.length + 1
    next.set(word, isVerb ? candidate.summary : (groups[[...path, word].join(' ')] ?? ''))
  }
  if (path.length === 0) for (const { name, summary } of elsewhere) next.set(name, summary)
  return [...next].map(([word, summary]) => `${word}\t${summary}`)
}

/** Arguments whose description begins by naming the words that they can be. */
const fixedArguments: Readonly<Record<string, readonly string[]>> = {
  shell: ['bash', 'zsh', 'fish'],
  client: ['claude'],
  method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
}

function argumentWords(command: Command, given: number): string[] {
  return [...(fixedArguments[Object.keys(command.args)[given] ?? ''] ?? [])]
}
