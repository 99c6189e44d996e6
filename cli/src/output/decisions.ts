import type { BoundaryEvent } from '@reeve/sdk'

/** What became of something that an agent did. */
export function verdictOf({ decision, would }: BoundaryEvent): 'allowed' | 'denied' | 'observed' {
  if (decision === 'deny') return 'denied'
  return would === 'allow' ? 'allowed' : 'observed'
}
