import type { Workspace } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { faultOf } from '../api/query-client.ts'
import { workspaceBuilds, workspace as workspaceQuery } from '../api/workspaces.ts'
import { shellWord, usePage } from '../shell/page.ts'
import { Fact, Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { WorkspaceActions } from '../workspaces/actions.tsx'
import { Agents } from '../workspaces/agents.tsx'
import { Build } from '../workspaces/build.tsx'
import { BuildList } from '../workspaces/build-list.tsx'
import { TemplateVersionOf } from '../workspaces/columns.tsx'
import { WorkspaceNaming } from '../workspaces/naming.tsx'
import { WorkspaceState } from '../workspaces/status.tsx'
import { WorkspaceTimes } from '../workspaces/times.tsx'

/** One workspace: where it is, what can be done to it, every build, and all of the one that is open. */
export function WorkspacePage() {
  const { workspace: id } = useParams({ from: '/app/workspaces/$workspace' })
  const { data: workspace, error, refetch } = useQuery(workspaceQuery(id))
  usePage({
    title: workspace?.name ?? 'Workspace',
    parent: { title: 'Workspaces', to: '/workspaces' },
    cli: `reeve workspaces show ${shellWord(workspace === undefined ? id : `${workspace.owner_name}/${workspace.name}`)}`,
    api: `/api/v2/workspaces/${id}`,
  })
  const fault = error === null ? null : faultOf(error)
  if (fault?.code === 'not_found' && workspace !== undefined) return <Gone name={workspace.name} />
  return (
    <div className="space-y-4 px-4 py-4">
      {fault !== null && (
        <FaultNotice
          what="The workspace could not be read"
          fault={fault}
          stale={workspace !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {workspace !== undefined && (
        <>
          <Head workspace={workspace} />
          <Agents workspace={workspace} />
          <Builds workspace={workspace} />
        </>
      )}
    </div>
  )
}

/** It was deleted while it was looked at. */
function Gone({ name }: { name: string }) {
  return (
    <Empty title="The workspace is deleted">
      <p>
        <HostileLine text={name} /> and what it was made of are gone. What was recorded of it stays on record.
      </p>
      <p>
        <Link to="/workspaces" className="text-link">
          All workspaces
        </Link>
      </p>
    </Empty>
  )
}

function Head({ workspace }: { workspace: Workspace }) {
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="min-w-0 truncate text-lg">
          <HostileLine text={workspace.name} />
        </h1>
        <WorkspaceState status={workspace.latest_build.status} />
        <div role="group" aria-label="What can be done" className="ml-auto flex flex-wrap gap-2">
          <WorkspaceNaming workspace={workspace} />
          <WorkspaceActions workspace={workspace} />
        </div>
      </div>
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        <Fact name="Owner">
          <Person user={workspace.owner} />
        </Fact>
        <Fact name="Template">
          <Link to="/templates/$template" params={{ template: workspace.template_id }} className="min-w-0 text-link">
            <TemplateVersionOf workspace={workspace} />
          </Link>
        </Fact>
        {workspace.task_id !== null && (
          <Fact name="Task">
            <Link to="/tasks/$task" params={{ task: workspace.task_id }} className="min-w-0 truncate text-link">
              <HostileLine text={workspace.task_name} inControl />
            </Link>
          </Fact>
        )}
        <Fact name="Organization">
          <HostileLine text={workspace.organization_name} />
        </Fact>
        <Fact name="Network">
          <Link to="/network" search={{ q: `workspace:${workspace.id}` }} className="text-link">
            What it reached
          </Link>
        </Fact>
        <Fact name="Made">
          <Time at={workspace.created_at} />
        </Fact>
      </dl>
      <WorkspaceTimes workspace={workspace} />
    </>
  )
}

/** The latest build is open, unless the address names another one. */
function Builds({ workspace }: { workspace: Workspace }) {
  const { build: number } = useSearch({ from: '/app/workspaces/$workspace' })
  const navigate = useNavigate({ from: '/workspaces/$workspace' })
  const { data: builds, error, refetch } = useQuery(workspaceBuilds(workspace.id, workspace.latest_build))
  if (error !== null)
    return <FaultNotice what="The builds could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  if (builds === undefined) return <p className="late text-muted">Reading the builds …</p>
  const open = builds.find(({ build_number: each }) => String(each) === number) ?? builds[0]
  return (
    <div className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <BuildList
        builds={builds}
        open={open}
        onOpen={({ build_number: wanted }) =>
          void navigate({ search: (old) => ({ ...old, build: String(wanted) }), replace: true, resetScroll: false })
        }
      />
      {open !== undefined && <Build key={open.id} build={open} />}
    </div>
  )
}
