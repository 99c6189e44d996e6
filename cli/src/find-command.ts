import { commands } from './commands.ts'
import { aliases } from './nouns.ts'
import type { Command } from './command.ts'

/** The words of a command with the main name of each that is an alias, of its own or of the command so far. */
export function canonical(words: readonly string[]): string[] {
  const main: string[] = []
  for (const word of words) {
    const before = main.join(' ')
    const own = oneOf(word, (name) => name.includes(' ') && name.startsWith(`${before} `))
    // What is a word of a command here is no alias, whatever it means elsewhere: `access request`.
    if (isNext(main, word)) main.push(word)
    else main.push(own?.split(' ').at(-1) ?? oneOf(word, (name) => !name.includes(' ')) ?? word)
  }
  return main
}

const isNext = (before: readonly string[], word: string): boolean =>
  commands.some(({ path }) => path[before.length] === word && before.every((each, i) => path[i] === each))

const oneOf = (word: string, isMeant: (name: string) => boolean): string | undefined =>
  Object.entries(aliases).find(([name, others]) => isMeant(name) && others.includes(word))?.[0]

/** The command whose whole name the words begin with. */
export function findCommand(words: readonly string[]): Command | undefined {
  return commands.find((candidate) => candidate.path.every((word, i) => words[i] === word))
}

/** The words that lead towards a command; those after them are its arguments, or the values of flags. */
export function matchedWords(words: readonly string[]): readonly string[] {
  const plain = canonical(words.filter((word) => !word.startsWith('-')))
  const lengths = commands.map((command) => {
    const different = command.path.findIndex((word, i) => plain[i] !== word)
    return different === -1 ? command.path.length : different
  })
  return plain.slice(0, Math.max(0, ...lengths))
}
