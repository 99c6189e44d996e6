import type { ArgumentPattern, CommandRule } from './document.ts'
import { matchesPath, matchesWord, type PathPattern, pathPattern } from './glob.ts'

export interface CompiledCommand {
  readonly rule: CommandRule
  readonly exe: readonly PathPattern[] | null
}

export const compileCommand = (rule: CommandRule): CompiledCommand => ({
  rule,
  exe: rule.when === null ? null : rule.when.exe.map(pathPattern),
})

/**
 * Command lines against patterns. Words of a pattern stand in their order; between them options may stand, each with a
 * value (`git -C elsewhere push`). `any` and `not` look at every word behind the one before. `-f` is found in `-uf`, and
 * `--force` in `--force=now`.
 */
export function matchesCommand(
  patterns: readonly ArgumentPattern[],
  program: string,
  argv: readonly string[],
): boolean {
  const [first, ...rest] = patterns
  if (typeof first !== 'string' || !matchesProgram(first, program)) return false
  let positions: ReadonlySet<number> = new Set([1])
  for (const pattern of rest) {
    const next = [...positions].filter((from) => typeof pattern === 'string' || holds(pattern, argv, from))
    positions = typeof pattern === 'string' ? advanced(pattern, argv, positions) : new Set(next)
    if (positions.size === 0) return false
  }
  return true
}

/** With a slash it is the whole path, without one the name alone. */
function matchesProgram(pattern: string, program: string): boolean {
  if (pattern.includes('/')) return matchesPath(pathPattern(pattern), pathPattern(program))
  return matchesWord(pattern, program.slice(program.lastIndexOf('/') + 1))
}

/** Every place behind a word that fits, with only options and their values passed over. */
function advanced(pattern: string, argv: readonly string[], from: ReadonlySet<number>): ReadonlySet<number> {
  const reached = new Set(from)
  const behind = new Set<number>()
  for (const at of reached) {
    const word = argv[at]
    if (word === undefined) continue
    if (matchesArgument(pattern, word)) behind.add(at + 1)
    // Members that are added while a set is gone through are gone through as well.
    if (word.startsWith('-')) reached.add(at + 1).add(at + 2)
  }
  return behind
}

function holds(pattern: Exclude<ArgumentPattern, string>, argv: readonly string[], from: number): boolean {
  const words = argv.slice(from)
  const found = (wanted: readonly string[]) => wanted.some((one) => words.some((word) => matchesArgument(one, word)))
  return 'any' in pattern ? found(pattern.any) : !found(pattern.not)
}

function matchesArgument(pattern: string, word: string): boolean {
  if (matchesWord(pattern, word)) return true
  if (/^--[^*=]+$/.test(pattern)) return word.startsWith(`${pattern}=`)
  return /^-[A-Za-z]$/.test(pattern) && /^-[A-Za-z]{2,8}$/.test(word) && word.includes(pattern[1]!)
}

/** A command line as a person writes it, without variables and substitution; null where a quote stays open. */
export function splitCommand(text: string): readonly string[] | null {
  const words: string[] = []
  const part = /\s*(?:((?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+)|$)/y
  while (part.lastIndex < text.length) {
    const found = part.exec(text)
    if (found === null) return null
    if (found[1] === undefined) break
    words.push(unquoted(found[1]))
  }
  return words
}

const unquoted = (word: string): string =>
  word.replace(
    /\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g,
    (_, escaped?: string, double?: string, single?: string) =>
      escaped ?? single ?? (double ?? '').replace(/\\([^])/g, '$1'),
  )
