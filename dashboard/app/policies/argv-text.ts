import type { ArgumentPattern } from '@reeve/policy'

/** A pattern of a command line, as a person would say it: `git push (--force | -f)`, `kubectl not (delete | exec)`. */
export const argvText = (argv: readonly ArgumentPattern[]): string =>
  argv
    .map((word) => {
      if (typeof word === 'string') return word
      return 'any' in word ? `(${word.any.join(' | ')})` : `not (${word.not.join(' | ')})`
    })
    .join(' ')
