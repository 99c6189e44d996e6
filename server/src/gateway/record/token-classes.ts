import type { Tokens } from './reading.ts'

/** The column of each class of tokens; interceptions and sessions name them alike. */
export const tokenColumns = {
  input: 'input_tokens',
  output: 'output_tokens',
  cacheRead: 'cache_read_tokens',
  cacheWrite: 'cache_write_tokens',
  cacheWrite1h: 'cache_write_1h_tokens',
  reasoning: 'reasoning_tokens',
  audioInput: 'audio_input_tokens',
  audioOutput: 'audio_output_tokens',
} as const satisfies Record<keyof Tokens, string>

export type TokenColumns = { readonly [Class in keyof Tokens as (typeof tokenColumns)[Class]]: number }

export const noTokens: Tokens = mapTokens(() => 0)

export const addTokens = (a: Tokens, b: Tokens): Tokens => mapTokens((name) => a[name] + b[name])

/** A record of all classes, each with the number that it is given. */
export function mapTokens(of: (name: keyof Tokens) => number): Tokens {
  return {
    input: of('input'),
    output: of('output'),
    cacheRead: of('cacheRead'),
    cacheWrite: of('cacheWrite'),
    cacheWrite1h: of('cacheWrite1h'),
    reasoning: of('reasoning'),
    audioInput: of('audioInput'),
    audioOutput: of('audioOutput'),
  }
}

export const tokensAsColumns = (tokens: Tokens): TokenColumns => ({
  input_tokens: tokens.input,
  output_tokens: tokens.output,
  cache_read_tokens: tokens.cacheRead,
  cache_write_tokens: tokens.cacheWrite,
  cache_write_1h_tokens: tokens.cacheWrite1h,
  reasoning_tokens: tokens.reasoning,
  audio_input_tokens: tokens.audioInput,
  audio_output_tokens: tokens.audioOutput,
})

export const tokensOfColumns = (row: TokenColumns): Tokens => mapTokens((name) => row[tokenColumns[name]])

/** The classes by the names that the metrics have for them. */
export const tokenKinds = [
  ['input', 'input_tokens'],
  ['output', 'output_tokens'],
  ['cache_read_input_tokens', 'cache_read_tokens'],
  ['cache_write_input_tokens', 'cache_write_tokens'],
  ['cache_write_1h_input_tokens', 'cache_write_1h_tokens'],
  ['reasoning_tokens', 'reasoning_tokens'],
  ['audio_input_tokens', 'audio_input_tokens'],
  ['audio_output_tokens', 'audio_output_tokens'],
] as const satisfies readonly (readonly [string, keyof TokenColumns])[]
