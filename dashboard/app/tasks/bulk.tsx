import { Fault } from '@reeve/base'
import type { Task } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { plural } from '../ui/format.ts'
import { titleOf } from './columns.tsx'
import { isPausable, isStopped, pause, remove, resume } from './verbs.ts'

interface Verb {
  readonly name: string
  readonly tone: 'primary' | 'danger'
  readonly permission: 'task:update' | 'task:delete'
  /** Those of the chosen that it can be done to. */
  readonly isFor: (task: Task) => boolean
  readonly run: (task: Task) => Promise<unknown>
  readonly about: (count: number) => string
}

const verbs: readonly Verb[] = [
  {
    name: 'Pause',
    tone: 'primary',
    permission: 'task:update',
    isFor: isPausable,
    run: pause,
    about: () =>
      'Agents that are working are stopped in the middle of it. Disks and conversations stay, and they can be resumed.',
  },
  {
    name: 'Resume',
    tone: 'primary',
    permission: 'task:update',
    isFor: isStopped,
    run: resume,
    about: (count) => `Their agents go on where they were. It counts ${plural(count, 'Agent Workspace Build')}.`,
  },
  {
    name: 'Delete',
    tone: 'danger',
    permission: 'task:delete',
    isFor: () => true,
    run: remove,
    about: () => 'Their workspaces go with them, and the files in those. What was recorded of them stays on record.',
  },
]

/** What can be done to all tasks that were chosen. Those to which it could not be done stay chosen, each with its reason. */
export function Bulk({ chosen, onKeep }: { chosen: readonly Task[]; onKeep: (ids: readonly string[]) => void }) {
  const may = useMay()
  // As they were when it was asked: what is done to them takes them off the list.
  const [asked, setAsked] = useState<{ verb: Verb; tasks: readonly Task[] } | null>(null)
  return (
    <>
      {chosen.length > 0 && (
        <div role="group" aria-label="Those that are chosen" className="flex flex-wrap items-center gap-2 px-4 pb-2">
          <span role="status">{plural(chosen.length, 'task')} chosen</span>
          {verbs.map((verb) => {
            const tasks = chosen.filter(verb.isFor)
            return (
              may(verb.permission, 'mine') &&
              tasks.length > 0 && (
                <Button key={verb.name} onClick={() => setAsked({ verb, tasks })}>
                  {verb.name} {tasks.length}
                </Button>
              )
            )
          })}
          <Button tone="quiet" onClick={() => onKeep([])}>
            Choose none
          </Button>
        </div>
      )}
      {asked !== null && <Ask {...asked} onKeep={onKeep} onClose={() => setAsked(null)} />}
    </>
  )
}

function Ask({
  verb,
  tasks,
  onKeep,
  onClose,
}: {
  verb: Verb
  tasks: readonly Task[]
  onKeep: (ids: readonly string[]) => void
  onClose: () => void
}) {
  const queries = useQueryClient()
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      const answers = await Promise.allSettled(tasks.map(verb.run))
      const left = tasks.filter((_, at) => answers[at]?.status === 'rejected')
      onKeep(left.map(({ id }) => id))
      const problems = tasks.flatMap((task, at) => {
        const answer = answers[at]
        return answer?.status === 'rejected' ? [{ field: task.name, detail: faultOf(answer.reason).message }] : []
      })
      const done = tasks.length - problems.length
      if (problems.length > 0) throw new Fault('conflict', `it was done to ${done} of ${tasks.length}`, { problems })
    },
    onSuccess: onClose,
    onSettled: () =>
      Promise.all(['tasks', 'workspaces'].map((name) => queries.invalidateQueries({ queryKey: [name] }))),
  })
  return (
    <FormDialog
      title={`${verb.name} ${plural(tasks.length, 'task')}`}
      verb={verb.name}
      tone={verb.tone}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      fields={[]}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      <p>{verb.about(tasks.length)}</p>
      <ul className="max-h-40 overflow-y-auto">
        {tasks.map((task) => (
          <li key={task.id} className="truncate">
            <HostileLine text={titleOf(task)} />
          </li>
        ))}
      </ul>
    </FormDialog>
  )
}
