import { useQuery } from '@tanstack/react-query'
import { entitlements } from '../api/entitlements.ts'
import { exact } from '../ui/format.ts'

/** What a start counts, and of how many; how many are used is told to those who may read licences. */
export function CountsOne({ what }: { what: string }) {
  const { limit, actual } = useQuery(entitlements).data?.features['managed_agent_limit'] ?? {}
  return (
    <p className="text-muted">
      {what} counts 1 Agent Workspace Build
      {actual !== undefined && limit !== undefined && (
        <>
          ; <span className="num">{exact(actual)}</span> of <span className="num">{exact(limit)}</span> used
        </>
      )}
      .
    </p>
  )
}
