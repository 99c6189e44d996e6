import { text as streamText } from 'node:stream/consumers'
import { Fault } from '@reeve/base'
import type { Context } from '../context.ts'
import { readText } from './policy-file.ts'

export interface PromptInput {
  readonly stdin: boolean
  readonly promptFile: string | undefined
}

/**
 * What a task is told: the words of the command, a file, or stdin where that is asked for. Stdin is never read unasked:
 * some runners of pipelines give a script on it, whose rest would be eaten.
 */
export async function readPrompt(
  context: Context,
  words: string | undefined,
  { stdin, promptFile }: PromptInput,
): Promise<string | null> {
  const fromStdin = stdin || words === '-'
  const given = [fromStdin || words !== undefined, promptFile !== undefined].filter(Boolean)
  if (given.length > 1 || (stdin && words !== undefined && words !== '-')) {
    throw new Fault('invalid', 'the prompt is given twice', { fix: 'give words, --prompt-file or --stdin' })
  }
  if (given.length === 0) return null
  const text = fromStdin
    ? await streamText(context.io.stdin)
    : promptFile === undefined
      ? (words ?? '')
      : await readText(context, promptFile)
  if (text.trim() === '') throw new Fault('invalid', 'the prompt is empty')
  return text.trim()
}

/** The same where there has to be one: a person is asked for it. */
export async function needPrompt(
  context: Context,
  words: string | undefined,
  input: PromptInput,
  label: string,
): Promise<string> {
  const read = await readPrompt(context, words, input)
  if (read !== null) return read
  const asked = await context.ask({ label, flag: 'the prompt, --prompt-file or --stdin' })
  if (asked.trim() === '') throw new Fault('invalid', 'the prompt is empty')
  return asked.trim()
}
