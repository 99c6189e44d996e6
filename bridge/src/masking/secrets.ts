import type { Digest } from '../digest.ts'
import type { Find } from './masker.ts'

/** What is known of the secrets in a body, for the body that carries it on. */
export interface Secrets {
  /** In order. */
  readonly finds: readonly Find[]
  /** Of the body with its secrets masked; null when it has none. */
  readonly digest: Digest | null
}

export const noSecrets: Secrets = { finds: [], digest: null }
