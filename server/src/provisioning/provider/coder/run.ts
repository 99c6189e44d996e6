import { createHash } from 'node:crypto'
import type { BuildContext } from '../../build-context.ts'

/** What the data sources and resources know of the run of Terraform that they answer. */
export interface ProviderRun {
  readonly context: BuildContext
  /** Of the template's provider block, or the deployment's; without a slash at the end. */
  readonly accessUrl: string
  /** The token of an agent: the one that goes on, or one made for this run and the same all through it. */
  readonly agentToken: (agentId: string) => string
}

/** An id for what has none of its own, the same in every plan, so that nothing seems to change between two. */
export function stableId(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  // A version 8 UUID (RFC 9562, section 5.8): its bits are ours to choose.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
