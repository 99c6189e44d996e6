import { type TaskDetails, taskPhase } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { task as taskQuery, taskLogFile } from '../api/tasks.ts'
import { shellWord, usePage } from '../shell/page.ts'
import { TaskActions } from '../tasks/actions.tsx'
import { titleOf } from '../tasks/columns.tsx'
import { Course } from '../tasks/course.tsx'
import { TaskFacts } from '../tasks/facts.tsx'
import { LogBar } from '../tasks/log-bar.tsx'
import { TaskLogList } from '../tasks/log.tsx'
import { SendBox } from '../tasks/send-box.tsx'
import { TaskStatusOf } from '../tasks/status.tsx'
import { useTaskLog } from '../tasks/use-task-log.ts'
import { useMayDo } from '../tasks/use-task-verbs.ts'
import { pausedWords } from '../tasks/words.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { LiveChip } from '../ui/live-chip.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'

/** One task: what it was told and what it says, where it is and how it came there, and what can be done to it. */
export function TaskPage() {
  const { task: id } = useParams({ from: '/app/tasks/$task' })
  const { data: task, error, refetch } = useQuery(taskQuery(id))
  usePage({
    title: task === undefined ? 'Task' : titleOf(task),
    parent: { title: 'Tasks', to: '/tasks' },
    cli: `reeve tasks status ${task === undefined ? id : shellWord(`${task.owner_name}/${task.name}`)}`,
    api: `/api/v2/tasks/me/${id}`,
  })
  const fault = error === null ? null : faultOf(error)
  if (fault?.code === 'not_found') return <Gone task={task} />
  return (
    <div className="space-y-4 px-4 py-4">
      {fault !== null && (
        <FaultNotice
          what="The task could not be read"
          fault={fault}
          stale={task !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {task !== undefined && <Whole key={task.id} task={task} />}
    </div>
  )
}

function Gone({ task }: { task: TaskDetails | undefined }) {
  return (
    <Empty title={task === undefined ? 'There is no such task, or you may not see it' : 'The task is deleted'}>
      {task !== undefined && (
        <p>
          <HostileLine text={titleOf(task)} /> and its workspace are gone. What was recorded of it stays on record.
        </p>
      )}
      <p>
        <Link to="/tasks" className="text-link">
          All tasks
        </Link>
      </p>
    </Empty>
  )
}

function Whole({ task }: { task: TaskDetails }) {
  const may = useMayDo(task)
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="min-w-0 truncate text-lg">
          <HostileLine text={titleOf(task)} />
        </h1>
        <TaskStatusOf task={task} />
        {task.paused_reason !== '' && (
          <span className="min-w-0 truncate text-muted">
            <HostileLine text={pausedWords(task.paused_reason)} />
          </span>
        )}
        <div role="group" aria-label="What can be done" className="ml-auto flex flex-wrap gap-2">
          <TaskActions task={task} />
        </div>
      </div>
      {taskPhase(task) === 'failed' && <Failure task={task} />}
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,1fr)_17rem]">
        <div className="min-w-0 space-y-4">
          <Log task={task} />
          {may.change && <SendBox task={task} />}
        </div>
        <aside aria-label="About this task" className="min-w-0 space-y-6">
          <TaskFacts task={task} />
          <Course task={task} />
        </aside>
      </div>
    </>
  )
}

/** Why it failed, where it is seen first, and where all of it is. */
function Failure({ task: { error, workspace_id: workspace, workspace_build_number: build } }: { task: TaskDetails }) {
  return (
    <section
      aria-label="Why it failed"
      className="space-y-1 rounded-md border border-bad bg-bad-tint px-3 py-2 font-mono text-xs"
    >
      <HostileText text={error === '' ? 'Nothing is said of why.' : error} />
      {workspace !== null && (
        <p className="font-sans text-sm">
          <Link
            to="/workspaces/$workspace"
            params={{ workspace }}
            search={build === undefined ? {} : { build: String(build) }}
            className="inline-flex min-h-6 items-center text-link"
          >
            What the build said
          </Link>
        </p>
      )}
    </section>
  )
}

function Log({ task }: { task: TaskDetails }) {
  const { q = '', at, wrap } = useSearch({ from: '/app/tasks/$task' })
  const navigate = useNavigate({ from: '/tasks/$task' })
  const { entries, snapshotAt, error, watch } = useTaskLog(task)
  const [follow, setFollow] = useState(at === undefined)
  const set = (change: { q?: string | undefined; at?: string | undefined; wrap?: string | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true, resetScroll: false })
  // Of a task in error, or that has not begun, there is nobody to ask.
  const isAway = error !== null && faultOf(error).code === 'conflict'
  const needle = q.toLowerCase()
  const matches =
    q === '' ? [] : (entries ?? []).filter(({ content }) => content.toLowerCase().includes(needle)).map(({ id }) => id)
  const position = at === undefined ? -1 : matches.indexOf(Number(at))
  const step = (by: 1 | -1) => {
    const next = matches.at(position === -1 ? (by === 1 ? 0 : -1) : (position + by) % matches.length)
    if (next === undefined) return
    setFollow(false)
    set({ at: String(next) })
  }
  return (
    <section aria-label="Log" className="space-y-2">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="font-medium">Log</h2>
        <LiveChip state={watch} />
      </div>
      <LogBar
        finding={{
          text: q,
          onText: (text) => set({ q: text === '' ? undefined : text }),
          found: matches.length,
          position,
          onStep: step,
        }}
        follow={follow}
        onFollow={setFollow}
        wrap={wrap !== 'off'}
        onWrap={(wanted) => set({ wrap: wanted ? undefined : 'off' })}
        file={taskLogFile(task.id)}
        fileName={`${task.name}-log.json`}
      />
      {task.initial_prompt !== null && <Prompt text={task.initial_prompt} />}
      {error !== null && !isAway && <FaultNotice what="What was said could not be read" fault={faultOf(error)} />}
      {entries === undefined && error === null && <p className="late text-muted">Reading what was said …</p>}
      {entries !== undefined && (
        <TaskLogList
          task={task.id}
          entries={entries}
          snapshotAt={snapshotAt}
          mark={q}
          at={at}
          wrap={wrap !== 'off'}
          follow={follow}
          onFollow={setFollow}
        />
      )}
      {entries === undefined && isAway && (
        <p className="text-muted">Its agent is not there to be asked, and nothing was kept of what was said.</p>
      )}
    </section>
  )
}

/** What it was told at first, folded: its agent says it again, or was told it before anything was kept. */
function Prompt({ text }: { text: string }) {
  return (
    <details className="rounded-md border border-line px-3 py-1">
      <summary className="min-h-6 cursor-pointer text-muted">Prompt</summary>
      <div className="max-h-64 overflow-auto py-1">
        <HostileText text={text} />
      </div>
    </details>
  )
}
