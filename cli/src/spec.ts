import { Fault, parseDuration } from '@reeve/base'
import type { Answer } from './output/answer.ts'
import type { Context } from './context.ts'

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
}

/** One flag. Its name is the key that it stands under: `tokenName` is `--token-name`. */
export interface Option<T> {
  /** Shown for its value in help; null for a switch. */
  readonly value: string | null
  readonly description: string
  readonly choices: readonly string[] | null
  /** May be given several times. */
  readonly repeats: boolean
  /** Reads the text of one value; throws a `Fault` that says what is wrong with it. */
  parse(text: string): unknown
  /** Never set: carries the type of what the command receives. */
  readonly type?: T
}
export type AnyOption = Option<unknown>

type Input<A, O> = { readonly [K in keyof A]: A[K] extends { required: true } ? string : string | undefined } & {
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
export const optional = (description: string) => ({ description, required: false }) as const

export function flag(description: string): Option<boolean> {
  return { value: null, description, choices: null, repeats: false, parse: () => true }
}

export function text(value: string, description: string): Option<string | undefined> {
  return { value, description, choices: null, repeats: false, parse: (given) => given }
}

export function texts(value: string, description: string): Option<readonly string[]> {
  return { value, description, choices: null, repeats: true, parse: (given) => given }
}

export function choice<const T extends string>(values: readonly T[], description: string): Option<T | undefined> {
  return {
    value: values.join('|'),
    description,
    choices: values,
    repeats: false,
    parse(given) {
      if (!values.some((value) => value === given)) throw new Fault('invalid', `is none of ${values.join(', ')}`)
      return given
    },
  }
}

export function count(description: string): Option<number | undefined> {
  return {
    value: 'n',
    description,
    choices: null,
    repeats: false,
    parse(given) {
      if (!/^\d{1,9}$/.test(given)) throw new Fault('invalid', 'is not a whole number')
      return Number(given)
    },
  }
}

/** A length of time, in milliseconds for the command. */
export function duration(description: string): Option<number | undefined> {
  return {
    value: 'duration',
    description,
    choices: null,
    repeats: false,
    parse(given) {
      const ms = parseDuration(given)
      if (ms === null || ms === 0) throw new Fault('invalid', 'is not a duration such as 90s, 8h or 30d')
      return ms
    },
  }
}

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
