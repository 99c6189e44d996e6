import { aliases, commands } from './commands.ts'
import type { Command } from './command.ts'

/** The main name of a word that may be an alias. */
export function canonical(word: string): string {
  return Object.entries(aliases).find(([, others]) => others.includes(word))?.[0] ?? word
}

/** The command whose whole name the words begin with. */
export function findCommand(words: readonly string[]): Command | undefined {
  return commands.find((candidate) => candidate.path.every((word, i) => words[i] === word))
}

/** The words that lead towards a command; those after them are its arguments, or the values of flags. */
export function matchedWords(words: readonly string[]): readonly string[] {
  const plain = words.filter((word) => !word.startsWith('-')).map(canonical)
  const lengths = commands.map((command) => {
    const different = command.path.findIndex((word, i) => plain[i] !== word)
    return different === -1 ? command.path.length : different
  })
  return plain.slice(0, Math.max(0, ...lengths))
}
