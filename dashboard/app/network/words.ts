import type { BoundaryEvent } from '@reeve/sdk'

/** What became of a wish for a credential that git uses; empty for everything else. */
export function credentialText({ facts }: Pick<BoundaryEvent, 'facts'>): string {
  const { credential, provider } = facts ?? {}
  if (credential === 'handed-out') return `handed out, of the linked account ${provider ?? ''}`
  if (credential === 'not-linked') return 'none: no account is linked'
  return credential === 'denied' ? 'denied, as the host is' : ''
}

/** `claude → bash → curl`. */
export const treeText = (tree: readonly string[]): string => tree.join(' → ')
