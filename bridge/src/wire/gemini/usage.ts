import { arrayOf, type JsonObject, objectOf } from '../json.ts'
import { noUsage, type Usage } from '../observation.ts'
import { tokenCount as count } from '../token-count.ts'
import { named } from './parts.ts'

/**
 * `usageMetadata` by our classes. `promptTokenCount` holds what came from the cache; what tools of the provider fed in is
 * counted beside it, and so is what the model thought beside `candidatesTokenCount`.
 */
export function readUsage(raw: JsonObject): Usage {
  const of = (name: string): number => count(named(raw, name))
  const cacheRead = of('cachedContentTokenCount')
  const reasoning = of('thoughtsTokenCount')
  const cachedAudio = audioIn(named(raw, 'cacheTokensDetails'))
  return {
    ...noUsage,
    input: Math.max(0, of('promptTokenCount') - cacheRead) + of('toolUsePromptTokenCount'),
    output: of('candidatesTokenCount') + reasoning,
    cacheRead,
    reasoning,
    audioInput: Math.max(0, audioIn(named(raw, 'promptTokensDetails')) - cachedAudio),
    audioOutput: audioIn(named(raw, 'candidatesTokensDetails')),
  }
}

function audioIn(details: unknown): number {
  const audio = arrayOf(details)
    .map(objectOf)
    .find(({ modality }) => modality === 'AUDIO')
  return audio === undefined ? 0 : count(named(audio, 'tokenCount'))
}
