import { Fault, parseDuration } from '@reeve/base'

/** One flag. Its name is the key that it stands under: `tokenName` is `--token-name`. */
export interface Option<T> {
  /** Shown for its value in help; null for a switch. */
  readonly value: string | null
  readonly description: string
  readonly choices: readonly string[] | null
  /** May be given several times. */
  readonly repeats: boolean
  /** One letter for it, where there is one: `-t`. */
  readonly short?: string
  /** Reads the text of one value; throws a `Fault` that says what is wrong with it. */
  parse(text: string): unknown
  /** Never set: carries the type of what the command receives. */
  readonly type?: T
}
export type AnyOption = Option<unknown>

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

/** The same with a letter beside its name. */
export const lettered = <T>(short: string, option: Option<T>): Option<T> => ({ ...option, short })

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
