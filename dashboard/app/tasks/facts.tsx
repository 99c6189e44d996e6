import type { TaskDetails } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { Count, Fact, Person, Time } from '../ui/facts.tsx'
import { duration, exact, shortId } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { ownerOf, templateOf } from './columns.tsx'

/** Whose it is, of what, where it works, what it took of what it may take, and what is on record of it. */
export function TaskFacts({ task }: { task: TaskDetails }) {
  const { labels, forked_from: origin, current_state: state } = task
  return (
    <dl className="space-y-2" aria-label="Facts">
      <Fact name="Owner">
        <Person user={ownerOf(task)} />
      </Fact>
      <Fact name="Template">
        <Link to="/templates/$template" params={{ template: task.template_id }} className="min-w-0 truncate text-link">
          <HostileLine text={templateOf(task)} inControl />
        </Link>
      </Fact>
      {task.workspace_id !== null && (
        <Fact name="Workspace">
          <Link
            to="/workspaces/$workspace"
            params={{ workspace: task.workspace_id }}
            className="min-w-0 truncate text-link"
          >
            <HostileLine text={task.workspace_name} inControl />
          </Link>
        </Fact>
      )}
      <Fact name="Tokens">
        <Count value={task.tokens_used} />
        {task.token_budget !== null && <span className="text-muted">&nbsp;of {exact(task.token_budget)}</span>}
      </Fact>
      <Fact name="Has run">
        <span className="num">{duration(task.seconds_used * 1000)}</span>
        {task.time_limit_seconds !== null && (
          <span className="text-muted">&nbsp;of {duration(task.time_limit_seconds * 1000)}</span>
        )}
      </Fact>
      <Fact name="Agent Workspace Builds">
        <Count value={task.builds_counted} />
      </Fact>
      <Fact name="Sessions">
        <Sessions ids={task.session_ids} />
      </Fact>
      <Fact name="Network">
        <Link to="/network" search={{ q: networkQuery(task) }} className="text-link">
          What it reached
        </Link>
      </Fact>
      {state !== null && state.uri !== '' && (
        <Fact name="It points at">
          <HostileLine text={state.uri} />
        </Fact>
      )}
      {Object.keys(labels).length > 0 && (
        <Fact name="Labels">
          <span className="flex min-w-0 flex-wrap gap-1">
            {Object.entries(labels).map(([key, value]) => (
              <span key={key} className="max-w-full min-w-0 truncate rounded bg-hover px-1.5">
                <HostileLine text={`${key}=${value}`} />
              </span>
            ))}
          </span>
        </Fact>
      )}
      {origin !== null && (
        <Fact name="Made of">
          <Link to="/tasks/$task" params={{ task: origin }} className="mono text-link">
            {shortId(origin)}
          </Link>
        </Fact>
      )}
      <Fact name="Changed">
        <Time at={task.updated_at} />
      </Fact>
    </dl>
  )
}

const sessionsMax = 5

function Sessions({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return <span className="text-muted">none yet</span>
  return (
    <span className="flex flex-wrap gap-x-3">
      {ids.slice(0, sessionsMax).map((id) => (
        <Link key={id} to="/sessions/$id" params={{ id }} className="mono inline-flex min-h-6 items-center text-link">
          {shortId(id)}
        </Link>
      ))}
      {ids.length > sessionsMax && <span className="text-muted">and {exact(ids.length - sessionsMax)} more</span>}
    </span>
  )
}

const networkQuery = ({ id }: TaskDetails): string => `task:${id}`
