import { type TaskDetails, taskPhase, type WorkspaceBuild } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { workspace as workspaceQuery, workspaceBuilds } from '../api/workspaces.ts'
import { Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { WorkspaceState } from '../workspaces/status.tsx'
import { reasonWords } from '../workspaces/words.ts'
import { TaskStatusOf } from './status.tsx'

/** How it came to where it is: made, started, paused, resumed, each with its time, and what it does now. */
export function Course({ task }: { task: TaskDetails }) {
  const { current_state: state } = task
  return (
    <section aria-label="Course" className="space-y-2">
      <h2 className="font-medium">Course</h2>
      <ol className="space-y-2 border-l border-line pl-3">
        <li>
          made <Time at={task.created_at} />
        </li>
        {task.workspace_id !== null && (
          <Builds workspace={task.workspace_id} build={task.workspace_build_number ?? 0} />
        )}
        <li aria-current="step" className="font-medium">
          <TaskStatusOf task={task} />
          {state !== null && taskPhase(task) !== 'paused' && (
            <span className="block font-normal text-muted">
              since <Time at={state.timestamp} />
            </span>
          )}
        </li>
      </ol>
    </section>
  )
}

function Builds({ workspace, build }: { workspace: string; build: number }) {
  const { data: found } = useQuery(workspaceQuery(workspace))
  if (found === undefined) return null
  return <BuildsOf key={build} workspace={workspace} latest={found.latest_build} />
}

function BuildsOf({ workspace, latest }: { workspace: string; latest: WorkspaceBuild }) {
  const { data: builds } = useQuery(workspaceBuilds(workspace, latest))
  return builds?.toReversed().map((build) => (
    <li key={build.id}>
      <span className="flex flex-wrap items-center gap-x-2">
        <Link
          to="/workspaces/$workspace"
          params={{ workspace }}
          search={{ build: String(build.build_number) }}
          className="inline-flex min-h-6 items-center text-link"
        >
          build {build.build_number}
        </Link>
        <WorkspaceState status={build.status} />
      </span>
      <span className="flex flex-wrap gap-x-2 text-muted">
        <Time at={build.job.completed_at ?? build.created_at} />
        <HostileLine text={reasonWords(build)} />
        {build.initiator !== null && <Person user={build.initiator} />}
      </span>
    </li>
  ))
}
