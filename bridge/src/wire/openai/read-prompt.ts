import { textParts } from '../client-text.ts'
import { arrayOf, objectOf, stringOf } from '../json.ts'
import { type Observation, observation } from '../observation.ts'
import { partText } from './content-text.ts'

export type PromptBy = 'human' | 'agent' | 'client'

/** The user's content: what a person wrote and attached in one prompt, what the client put around it apart. */
export function readPrompt(content: unknown, promptBy: PromptBy): readonly Observation[] {
  const seen: Observation[] = []
  const prompt: string[] = []
  for (const part of typeof content === 'string' ? [{ text: content }] : arrayOf(content)) {
    const text = stringOf(objectOf(part)['text'])
    if (text === null) prompt.push(partText(part))
    else {
      for (const piece of textParts(text)) {
        if (piece.by === 'human') prompt.push(piece.text)
        else seen.push(observation('context', 'client', piece.text))
      }
    }
  }
  return prompt.length === 0 ? seen : [...seen, observation('prompt', promptBy, prompt.join('\n'))]
}
