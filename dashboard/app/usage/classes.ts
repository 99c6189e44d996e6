import type { UsageCounts } from '@reeve/sdk'

/** The four classes that add up to all tokens, in the order in which bars are stacked, and what each has parts of. */
export interface TokenClass {
  readonly key: keyof UsageCounts
  readonly title: string
  readonly about: string
  /** Of a bar, and of the square that stands for it in the legend. */
  readonly fill: string
  readonly swatch: string
  readonly parts: readonly (readonly [key: keyof UsageCounts, words: string])[]
}

export const tokenClasses: readonly TokenClass[] = [
  {
    key: 'cache_read_input_tokens',
    title: 'Cache read',
    about: 'input that the provider had kept',
    fill: 'fill-(--system)',
    swatch: 'bg-system',
    parts: [],
  },
  {
    key: 'cache_write_input_tokens',
    title: 'Cache written',
    about: 'input that it was to keep',
    fill: 'fill-(--tool)',
    swatch: 'bg-tool',
    parts: [['cache_write_1h_input_tokens', 'for an hour']],
  },
  {
    key: 'input_tokens',
    title: 'Fresh input',
    about: 'read for the first time',
    fill: 'fill-(--link)',
    swatch: 'bg-link',
    parts: [['audio_input_tokens', 'sound']],
  },
  {
    key: 'output_tokens',
    title: 'Output',
    about: 'written by the models',
    fill: 'fill-(--model)',
    swatch: 'bg-model',
    parts: [
      ['reasoning_tokens', 'reasoning'],
      ['audio_output_tokens', 'sound'],
    ],
  },
]
