import type { BoundaryPolicy } from '@reeve/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

/** A text that is being changed, and the version that it began with. It outlives the page, not the sign-in. */
export interface Draft {
  readonly text: string
  readonly basedOn: number
  /** The text of that version. */
  readonly before: string
}

export function useDraft(policy: BoundaryPolicy & { readonly document: string }) {
  const queries = useQueryClient()
  const key = ['policy-draft', policy.id]
  const fresh: Draft = { text: policy.document, basedOn: policy.version, before: policy.document }
  const [kept, setKept] = useState<Draft | null>(() => queries.getQueryData<Draft>(key) ?? null)
  // What nobody changed follows what is published.
  const draft = kept === null || kept.text === kept.before ? fresh : kept
  const put = (next: Draft | null) => {
    queries.setQueryDefaults(['policy-draft'], { gcTime: Infinity })
    queries.setQueryData(key, next)
    setKept(next)
  }
  return {
    draft,
    isChanged: draft.text !== draft.before,
    /** Somebody published while it was changed. */
    isBehind: draft.basedOn !== policy.version,
    change: (text: string) => put({ ...draft, text }),
    drop: () => put(null),
    /** Keeps the text, on top of what is in force now. */
    rebase: () => put({ ...draft, basedOn: policy.version, before: policy.document }),
  }
}
