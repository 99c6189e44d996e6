import { anthropicProvider, geminiProvider, openaiProvider, startScriptedProvider } from '@reeve/bridge'
import type { Offered } from './offered.ts'

/**
 * The built-in providers that answer from a script, one for each API that clients speak: `scripted` for Anthropic's, and
 * two more. They are one server on loopback, and HTTP like any other.
 */
export async function offerScripted(owned: AsyncDisposableStack): Promise<readonly (readonly [string, Offered])[]> {
  const script = owned.use(await startScriptedProvider())
  const made = [
    { make: anthropicProvider, name: 'scripted', baseUrl: script.url },
    { make: openaiProvider, name: 'scripted-openai', baseUrl: script.openaiUrl },
    { make: geminiProvider, name: 'scripted-gemini', baseUrl: script.geminiUrl },
  ]
  return made.map(({ make, name, baseUrl }) => {
    const provider = make({ name, baseUrl, keys: [] })
    return [name, { provider, baseUrl, scripted: true, missing: null, lacksKey: false }] as const
  })
}
