/** What the provider says in one answer, and how many tokens it counts for it. */
export interface Turn {
  readonly number: number
  readonly thought: string
  readonly text: string
  /** Null when it is done. */
  readonly command: string | null
  readonly tokens: Tokens
}

/** As the record names them: what came from a cache or went into it is not part of the input. */
export interface Tokens {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  /** Part of the output. */
  readonly reasoning: number
}

export const noTokens: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }

/** Every number is another one from turn to turn, so that one that was taken from elsewhere is seen. */
export function turnOf(number: number, random: () => number): Turn {
  const reasoning = 1 + (number % 17)
  return {
    number,
    thought: `about ${number}`,
    text: `The answer to ${number}. `.repeat(1 + Math.floor(random() * 12)),
    command: random() < 0.25 ? `echo ${number}` : null,
    tokens: {
      input: 100 + (number % 997),
      cacheRead: 1_000 + (number % 499),
      cacheWrite: 10 + (number % 83),
      output: 50 + (number % 211) + reasoning,
      reasoning,
    },
  }
}

export const same = (a: Tokens, b: Tokens): boolean =>
  // SAFETY: the keys of an object of this type.
  (Object.keys(noTokens) as (keyof Tokens)[]).every((name) => a[name] === b[name])
