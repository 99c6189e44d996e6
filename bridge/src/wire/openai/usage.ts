import { type JsonObject, objectOf } from '../json.ts'
import { noUsage, type Usage } from '../observation.ts'
import { tokenCount as count } from '../token-count.ts'

/**
 * Tokens as OpenAI's APIs and their imitators state them: `prompt_tokens` and `completion_tokens` in Chat Completions,
 * `input_tokens` and `output_tokens` in Responses. What came from a cache or went into one is part of the input there
 * and a class of its own here. Numbers that contradict each other never make a class negative.
 */
export function readUsage(raw: JsonObject): Usage {
  const inDetails = objectOf(raw['prompt_tokens_details'] ?? raw['input_tokens_details'])
  const outDetails = objectOf(raw['completion_tokens_details'] ?? raw['output_tokens_details'])
  const read = count(raw['prompt_tokens'] ?? raw['input_tokens'])
  // DeepSeek and Moonshot have names of their own for it.
  const cacheRead = count(inDetails['cached_tokens'] ?? raw['prompt_cache_hit_tokens'] ?? raw['cached_tokens'])
  const cacheWrite = count(inDetails['cache_write_tokens'])
  const input = Math.max(0, read - cacheRead - cacheWrite)
  const thought = count(outDetails['reasoning_tokens'])
  const output = wholeOutput(raw, read, thought)
  return {
    ...noUsage,
    input,
    output,
    cacheRead,
    cacheWrite,
    reasoning: Math.min(thought, output),
    audioInput: Math.min(count(inDetails['audio_tokens']), input),
    audioOutput: Math.min(count(outDetails['audio_tokens']), output),
  }
}

/** Some servers leave what was thought out of the output, and add it only to the total: that is how they are known. */
function wholeOutput(raw: JsonObject, read: number, thought: number): number {
  const said = count(raw['completion_tokens'] ?? raw['output_tokens'])
  return thought > 0 && count(raw['total_tokens']) === read + said + thought ? said + thought : said
}
