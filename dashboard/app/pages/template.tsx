import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { template as templateQuery, templateVersions } from '../api/templates.ts'
import { shellWord, usePage } from '../shell/page.ts'
import { ViewTabs } from '../table/view-tabs.tsx'
import { Findings } from '../templates/findings.tsx'
import { TemplateSettings } from '../templates/settings.tsx'
import { Sharing } from '../templates/sharing.tsx'
import { TemplateTimes } from '../templates/times.tsx'
import { TemplateVersions } from '../templates/versions.tsx'
import { Button, buttonClass } from '../ui/button.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'
import { MakeWorkspace } from '../workspaces/make-workspace.tsx'

const readable = { overview: 'Overview', versions: 'Versions', sharing: 'Sharing' } as const
const changeable = { ...readable, settings: 'Settings' } as const
type View = keyof typeof changeable

const viewOf = (word: string | undefined): View =>
  word === 'versions' || word === 'sharing' || word === 'settings' ? word : 'overview'

/** One template: what it says of itself, what its active version asks and makes, every version, and whom it is for. */
export function TemplatePage() {
  const { template: id } = useParams({ from: '/app/templates/$template' })
  const { view } = useSearch({ from: '/app/templates/$template' })
  const navigate = useNavigate({ from: '/templates/$template' })
  const { data: template, error, refetch } = useQuery(templateQuery(id))
  const { data: versions } = useQuery(templateVersions(id))
  const shown = viewOf(view)
  const may = useMay()
  const mayChange = may('template:update', 'somewhere')
  const [making, setMaking] = useState(false)
  usePage({
    title: template?.name ?? 'Template',
    parent: { title: 'Templates', to: '/templates' },
    cli: `reeve templates show ${shellWord(template?.name ?? id)}`,
    api: `/api/v2/templates/${id}`,
  })
  const active = versions?.find((one) => one.active)
  return (
    <div className="space-y-4 px-4 py-4">
      {error !== null && (
        <FaultNotice
          what="The template could not be read"
          fault={faultOf(error)}
          stale={template !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {template !== undefined && (
        <>
          <PageHead
            title={<HostileLine text={template.display_name === '' ? template.name : template.display_name} />}
            about={
              <p className="flex flex-wrap gap-x-2">
                <HostileLine text={template.organization_name} /> · <HostileLine text={template.active_version_name} />·{' '}
                <Time at={template.updated_at} />
                {template.created_by !== null && <Person user={template.created_by} />}
              </p>
            }
          >
            <ViewTabs
              label="View"
              views={mayChange ? changeable : readable}
              current={shown}
              onChange={(next) =>
                void navigate({ search: ({ tz }) => ({ tz, view: next === 'overview' ? undefined : next }) })
              }
            />
            {!template.deprecated && active?.has_ai_task === true && may('task:create', 'mine') && (
              <Link to="/tasks" search={{ new: template.id }} className={buttonClass()}>
                New task
              </Link>
            )}
            {!template.deprecated && may('workspace:create', 'mine') && (
              <Button tone="primary" onClick={() => setMaking(true)}>
                Make a workspace
              </Button>
            )}
          </PageHead>
          {making && <MakeWorkspace template={template} onClose={() => setMaking(false)} />}
          {template.deprecated && (
            <div className="rounded-md border border-line px-3 py-2 text-warn">
              <p>No new workspaces are made of it:</p>
              <HostileText text={template.deprecation_message} />
            </div>
          )}
          {shown === 'versions' && <TemplateVersions template={template} />}
          {shown === 'sharing' && <Sharing template={template} mayChange={mayChange} />}
          {shown === 'settings' && (
            <TemplateSettings key={template.id} template={template} mayDelete={may('template:delete', 'somewhere')} />
          )}
          {shown === 'overview' && <TemplateTimes template={template} />}
          {shown === 'overview' && (
            <div className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
              <section aria-label="What it says of itself" className="min-w-0 space-y-2">
                {template.description !== '' && <HostileText text={template.description} />}
                {active !== undefined && active.readme !== '' && <HostileText text={active.readme} />}
                {active?.readme === '' && <p className="text-muted">It has no README.</p>}
              </section>
              <Findings version={template.active_version_id} />
            </div>
          )}
        </>
      )}
    </div>
  )
}
