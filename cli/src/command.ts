import type { Answer } from './output/answer.ts'
import type { Context } from './context.ts'
import { type AnyOption, kebab, type Option } from './option.ts'

/**
 * A command is a value, as an endpoint is: parser, help, completion, the reference page and the matrix of tests are made
 * from the same record. The record is cheap to load; what the command does is imported when it is run.
 */
export interface Command {
  /** Noun, then verb: `['tokens', 'create']`. */
  readonly path: readonly string[]
  readonly summary: string
  /** What a reader of its help needs beyond the summary. */
  readonly details: string
  readonly args: Readonly<Record<string, Argument>>
  readonly options: Readonly<Record<string, AnyOption>>
  readonly examples: readonly string[]
  readonly run: (context: Context, input: never) => Promise<Answer>
}

export interface Argument {
  readonly description: string
  readonly required: boolean
  /** All the words that are left, such as those of another command. */
  readonly words?: boolean
}

type Given<A> = A extends { words: true }
  ? readonly string[]
  : A extends { required: true }
    ? string
    : string | undefined

type Input<A, O> = { readonly [K in keyof A]: Given<A[K]> } & {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never
}

interface Spec<A, O> {
  path: string
  summary: string
  details?: string
  args?: A
  options?: O
  examples?: readonly string[]
  run: (context: Context, input: Input<A, O>) => Promise<Answer>
}

export function command<
  const A extends Record<string, Argument> = Record<never, never>,
  const O extends Record<string, AnyOption> = Record<never, never>,
>(spec: Spec<A, O>): Command {
  return {
    path: spec.path.split(' '),
    summary: spec.summary,
    details: spec.details ?? '',
    args: spec.args ?? {},
    options: spec.options ?? {},
    examples: spec.examples ?? [],
    run: spec.run,
  }
}

export const required = (description: string) => ({ description, required: true }) as const
export const words = (description: string) => ({ description, required: false, words: true }) as const
export const optional = (description: string) => ({ description, required: false }) as const

/** As help and reference write it. */
export const argumentForm = (key: string, { required, words = false }: Argument): string =>
  required ? `<${kebab(key)}>` : words ? `[${kebab(key)}...]` : `[${kebab(key)}]`
