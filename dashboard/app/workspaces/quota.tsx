import { useQuery } from '@tanstack/react-query'
import { me } from '../api/queries.ts'
import { organizations } from '../api/roles.ts'
import { workspaceQuotas } from '../api/workspaces.ts'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

/** What the viewer’s own workspaces cost and may cost a day; nothing where no group says what they may. */
export function Quota() {
  const { data: viewer } = useQuery(me)
  const { data: quotas = [] } = useQuery({
    ...workspaceQuotas(viewer?.organization_ids ?? []),
    enabled: viewer !== undefined,
  })
  const { data: places = [] } = useQuery(organizations)
  return quotas
    .filter(({ budget }) => budget >= 0)
    .map(({ organizationId, budget, credits_consumed: used }) => (
      <p key={organizationId} className={`px-4 pb-2 ${used >= budget ? 'text-warn' : 'text-muted'}`}>
        Your workspaces use <span className="num">{exact(used)}</span> of <span className="num">{exact(budget)}</span>{' '}
        credits a day
        {places.length > 1 && (
          <>
            {' in '}
            <HostileLine text={places.find(({ id }) => id === organizationId)?.name ?? organizationId} />
          </>
        )}
        .
      </p>
    ))
}
