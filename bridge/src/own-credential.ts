import { Secret } from '@reeve/base'
import type { Provider } from './providers/provider.ts'

/** The credential that a user has at the provider himself. The provider is asked with it instead of a key of Reeve's. */
export interface OwnCredential {
  /** The header as it came, name and value. */
  readonly header: readonly [string, string]
  /** What of it is secret: the value without its scheme. */
  readonly secret: Secret
}

/**
 * Finds it where the provider's clients put it: in the first of the provider's headers that has one. Whoever sends his
 * Reeve token there too, because a client wants some key, has none. Only a request whose Reeve token came in a header of
 * its own may be asked about it: in any other that token is what stands there.
 */
export function findOwnCredential(
  { ownCredentialHeaders }: Provider,
  rawHeaders: readonly string[],
  token: string,
): OwnCredential | null {
  for (const wanted of ownCredentialHeaders) {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const [name, value] = [rawHeaders[i]!, rawHeaders[i + 1]!.trim()]
      if (name.toLowerCase() !== wanted) continue
      const said = wanted === 'authorization' ? /^bearer\s+(\S+)$/i.exec(value)?.[1] : value
      if (said === undefined || said === '' || said.includes(token)) continue
      return { header: [name, value], secret: new Secret(said) }
    }
  }
  return null
}
