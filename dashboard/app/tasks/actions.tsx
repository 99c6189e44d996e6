import { type TaskDetails, taskPhase } from '@reeve/sdk'
import { useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { Button } from '../ui/button.tsx'
import { CountsOne } from './counts-one.tsx'
import { useDelete, useFork, useMayDo, usePause, useResume } from './use-task-verbs.ts'
import { isPausable, isStopped } from './verbs.ts'

type Asking = 'pause' | 'resume' | 'fork' | 'delete'

/** What can be done to a task where it is now. What ends work, or counts, is asked about. */
export function TaskActions({ task }: { task: TaskDetails }) {
  const may = useMayDo(task)
  const [asking, setAsking] = useState<Asking | null>(null)
  const can = {
    pause: may.change && isPausable(task),
    resume: may.change && isStopped(task),
  }
  useShortcuts({
    p: () => (can.pause ? setAsking('pause') : false),
    r: () => (can.resume ? setAsking('resume') : false),
  })
  const close = () => setAsking(null)
  return (
    <>
      {can.pause && (
        <Button aria-keyshortcuts="p" title="Pause (p)" onClick={() => setAsking('pause')}>
          Pause
        </Button>
      )}
      {can.resume && (
        <Button tone="primary" aria-keyshortcuts="r" title="Resume (r)" onClick={() => setAsking('resume')}>
          Resume
        </Button>
      )}
      {may.fork && <Button onClick={() => setAsking('fork')}>Fork</Button>}
      {may.delete && (
        <Button tone="danger" onClick={() => setAsking('delete')}>
          Delete
        </Button>
      )}
      {asking === 'pause' && <AskPause task={task} onClose={close} />}
      {asking === 'resume' && <AskResume task={task} onClose={close} />}
      {asking === 'fork' && <AskFork task={task} onClose={close} />}
      {asking === 'delete' && <AskDelete task={task} onClose={close} />}
    </>
  )
}

interface Asked {
  readonly task: TaskDetails
  readonly onClose: () => void
}

const faultOr = (error: Error | null) => (error === null ? null : faultOf(error))

function AskPause({ task, onClose }: Asked) {
  const { mutate, isPending, error } = usePause(task)
  return (
    <FormDialog
      title={`Pause ${task.name}`}
      verb="Pause"
      busy={isPending}
      fault={faultOr(error)}
      fields={[]}
      onSubmit={() => mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        {taskPhase(task) === 'working' && 'Its agent is working and will be stopped in the middle of it. '}
        Its disk and its conversation stay, and it can be resumed.
      </p>
    </FormDialog>
  )
}

function AskResume({ task, onClose }: Asked) {
  const { mutate, isPending, error } = useResume(task)
  return (
    <FormDialog
      title={`Resume ${task.name}`}
      verb="Resume"
      busy={isPending}
      fault={faultOr(error)}
      fields={[]}
      onSubmit={() => mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>Its workspace is started again, and its agent goes on where it was.</p>
      <CountsOne what="It" />
    </FormDialog>
  )
}

function AskFork({ task, onClose }: Asked) {
  const { mutate, isPending, error } = useFork(task)
  return (
    <FormDialog
      title={`Fork ${task.name}`}
      verb={isPending ? 'Starting' : 'Run it'}
      wide
      busy={isPending}
      fault={faultOr(error)}
      fields={['input']}
      onSubmit={(form) => mutate(textOf(form, 'input').trim())}
      onClose={onClose}
    >
      <p>
        Another task of the same template, in a workspace of its own. It is given the conversation so far to read; files
        are not taken along.
      </p>
      <LongField
        label="What is it to do?"
        name="input"
        rows={6}
        maxLength={65_536}
        defaultValue={task.initial_prompt ?? ''}
        fault={faultOr(error)}
      />
      <CountsOne what="It" />
    </FormDialog>
  )
}

function AskDelete({ task, onClose }: Asked) {
  const { mutate, isPending, error } = useDelete(task)
  return (
    <ConfirmByName
      verb="Delete"
      name={task.name}
      busy={isPending}
      fault={faultOr(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      Its workspace goes with it, and the files in it. What was recorded of it stays on record.
    </ConfirmByName>
  )
}
