import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMay } from '../api/may.ts'
import { policy as policyQuery } from '../api/policies.ts'
import { faultOf } from '../api/query-client.ts'
import { Editor } from '../policies/editor.tsx'
import { Versions } from '../policies/versions.tsx'
import { PolicyScope } from '../policies/policy-scope.tsx'
import { shellWord, usePage } from '../shell/page.ts'
import { ViewTabs } from '../table/view-tabs.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'

const views = { editor: 'Editor', versions: 'Versions' } as const

/** One policy: its rules and text, what they would come to, and every version that was published. */
export function PolicyPage() {
  const { policy: name } = useParams({ from: '/app/policies/$policy' })
  const { view } = useSearch({ from: '/app/policies/$policy' })
  const navigate = useNavigate({ from: '/policies/$policy' })
  const { data: policy, error, refetch } = useQuery(policyQuery(name))
  const may = useMay()
  const place = policy?.scope === 'organization' ? 'somewhere' : 'everywhere'
  const mayPublish = may('boundary_policy:update', place)
  const mayRemove = may('boundary_policy:delete', place)
  const shown = view === 'versions' ? 'versions' : 'editor'
  usePage({
    title: policy?.name ?? 'Policy',
    parent: { title: 'Policies', to: '/policies' },
    cli: `reeve policies show ${shellWord(name)}`,
    api: `/api/v2/boundaries/policies/${encodeURIComponent(name)}`,
  })
  return (
    <div className="space-y-4 px-4 py-4">
      {error !== null && (
        <FaultNotice
          what="The policy could not be read"
          fault={faultOf(error)}
          stale={policy !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {policy !== undefined && (
        <>
          <PageHead
            title={<HostileLine text={policy.name} />}
            about={
              <p className="flex flex-wrap gap-x-2">
                <span>
                  Version {policy.version}, for <PolicyScope policy={policy} />,{' '}
                  {policy.mode === 'observe' ? 'observes' : 'enforced'}
                </span>
                {policy.published_at !== null && (
                  <>
                    · <Time at={policy.published_at} />
                  </>
                )}
                {policy.published_by !== null && <Person user={policy.published_by} />}
              </p>
            }
          >
            <ViewTabs
              label="View"
              views={views}
              current={shown}
              onChange={(next) =>
                void navigate({ search: ({ tz }) => ({ tz, view: next === 'versions' ? next : undefined }) })
              }
            />
          </PageHead>
          {shown === 'versions' ? (
            <Versions policy={policy.name} mayPublish={mayPublish} mayRemove={mayRemove} />
          ) : (
            <Editor key={policy.id} policy={policy} mayPublish={mayPublish} />
          )}
        </>
      )}
    </div>
  )
}
