import { eachEndpoint as endpoints, type Template, type TemplateVersion } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Check, CircleAlert, CircleDot, CircleSlash, Clock } from 'lucide-react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { templateVersions, versionLog } from '../api/templates.ts'
import { JobLog } from '../jobs/job-log.tsx'
import { Button } from '../ui/button.tsx'
import { Person, State, Time } from '../ui/facts.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { TestRun } from './test-run.tsx'
import { VersionFiles } from './version-files.tsx'

/** Every version with who pushed it, what became of its import, and what the import said. */
export function TemplateVersions({ template }: { template: Template }) {
  const { data, error, refetch } = useQuery(templateVersions(template.id))
  const { version } = useSearch({ from: '/app/templates/$template' })
  const navigate = useNavigate({ from: '/templates/$template' })
  if (error !== null)
    return <FaultNotice what="The versions could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  if (data === undefined) return <p className="late text-muted">Reading the versions …</p>
  const open = data.find(({ name }) => name === version) ?? data[0]
  return (
    <div className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <ol className="space-y-3" aria-label="Versions, the latest first">
        {data.map((one) => (
          <li key={one.id} className="rounded-md border border-line px-3 py-2">
            <p className="flex flex-wrap items-baseline gap-x-3">
              <button
                type="button"
                className="font-medium text-link"
                aria-pressed={one === open}
                onClick={() => void navigate({ search: (old) => ({ ...old, version: one.name }), replace: true })}
              >
                <HostileLine text={one.name} />
              </button>
              {one.active && <span className="text-ok">active</span>}
              {one.archived && <span className="text-muted">archived</span>}
              <JobState status={one.job.status} />
            </p>
            {one.message !== '' && <HostileText text={one.message} />}
            <p className="flex flex-wrap gap-x-2 text-muted">
              {one.created_by !== null && <Person user={one.created_by} />}
              <Time at={one.created_at} />
            </p>
          </li>
        ))}
      </ol>
      {open !== undefined && <Import key={open.id} version={open} versions={data} template={template} />}
    </div>
  )
}

function Import({
  version,
  versions,
  template,
}: {
  version: TemplateVersion
  versions: readonly TemplateVersion[]
  template: Template
}) {
  const may = useMay()
  const { data: lines } = useQuery(versionLog(version.id, version.job))
  const queries = useQueryClient()
  const promote = useMutation({
    mutationFn: () =>
      client.call(endpoints.promoteTemplateVersion, { params: { template: template.id }, body: { id: version.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['templates'] }),
  })
  const canPromote =
    may('template:update', 'somewhere') && !version.active && !version.archived && version.job.status === 'succeeded'
  return (
    <section aria-label={`Import of ${version.name}`} className="min-w-0 space-y-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="font-medium">
          Import of <HostileLine text={version.name} />
        </h2>
        {canPromote && (
          <Button tone="primary" disabled={promote.isPending} onClick={() => promote.mutate()}>
            Make it active
          </Button>
        )}
      </div>
      {promote.error !== null && <FaultNotice what="It was not made active" fault={faultOf(promote.error)} />}
      {version.job.error !== null && (
        <div className="text-bad">
          <HostileText text={version.job.error} />
        </div>
      )}
      <p className="font-mono text-xs break-all text-muted">sha256 {version.sha256}</p>
      <JobLog label="What the import said" lines={lines} />
      {version.job.status === 'succeeded' && may('workspace:create', 'mine') && <TestRun version={version} />}
      {may('template:update', 'somewhere') && <VersionFiles version={version} versions={versions} />}
    </section>
  )
}

const size = 14

function JobState({ status }: { status: TemplateVersion['job']['status'] }) {
  if (status === 'succeeded')
    return (
      <State tone="text-ok" icon={<Check size={size} aria-hidden />}>
        imported
      </State>
    )
  if (status === 'failed')
    return (
      <State tone="text-bad" icon={<CircleAlert size={size} aria-hidden />}>
        failed
      </State>
    )
  if (status === 'canceled')
    return (
      <State tone="text-warn" icon={<CircleSlash size={size} aria-hidden />}>
        canceled
      </State>
    )
  if (status === 'pending')
    return (
      <State tone="text-muted" icon={<Clock size={size} aria-hidden />}>
        waits
      </State>
    )
  return (
    <State tone="text-link" icon={<CircleDot size={size} className="pulse" aria-hidden />}>
      {status === 'canceling' ? 'is ending' : 'is imported'}
    </State>
  )
}
