import type { AuditEvent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { auditChain, type Chain } from '../api/audit.ts'
import { checkInBrowser, type RangeProof, verifyRange } from './verify-range.ts'

export type { Chain } from '../api/audit.ts'

export interface Integrity {
  readonly chain: Chain | undefined
  /** Null until it has been worked out. */
  readonly proof: RangeProof | null
  readonly error: Error | null
  readonly retry: () => void
}

/** What the rows of the page prove, worked out again whenever they or the checkpoint are others. */
export function useIntegrity(rows: readonly AuditEvent[], enabled: boolean): Integrity {
  const { data: chain, error, refetch } = useQuery({ ...auditChain, enabled, refetchOnMount: 'always' })
  const [found, setFound] = useState<{ rows: readonly AuditEvent[]; proof: RangeProof } | null>(null)
  useEffect(() => {
    if (chain === undefined) return
    let isWanted = true
    void verifyRange(rows, chain, checkInBrowser).then((proof) => {
      if (isWanted) setFound({ rows, proof })
    })
    return () => {
      isWanted = false
    }
  }, [rows, chain])
  return { chain, proof: found?.rows === rows ? found.proof : null, error, retry: () => void refetch() }
}
