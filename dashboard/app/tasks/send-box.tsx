import { type TaskDetails, taskPhase } from '@reeve/sdk'
import { useId, useRef, useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { FormDialog } from '../forms/form-dialog.tsx'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { CountsOne } from './counts-one.tsx'
import { useSend } from './use-task-verbs.ts'

/** A message to the agent. Where the task is paused it has to be resumed first, which counts: that is asked about. */
export function SendBox({ task }: { task: TaskDetails }) {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState('')
  const [asking, setAsking] = useState(false)
  const { mutate, isPending, error, reset } = useSend(task)
  const phase = taskPhase(task)
  const ready = phase === 'needs input' || phase === 'done' || phase === 'paused'
  useShortcuts({ m: () => field.current?.focus() })
  const send = () => {
    setAsking(false)
    mutate(text.trim(), { onSuccess: () => setText('') })
  }
  const submit = () => {
    if (!ready || isPending || text.trim() === '') return
    reset()
    if (phase === 'paused') setAsking(true)
    else send()
  }
  return (
    <>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {error !== null && <FaultNotice what="It was not told" fault={faultOf(error)} />}
        <div className="flex items-end gap-2">
          <div className="min-w-0 flex-1">
            <label htmlFor={id} className="sr-only">
              Message to the agent
            </label>
            <textarea
              ref={field}
              id={id}
              rows={2}
              maxLength={65_536}
              aria-keyshortcuts="m"
              aria-describedby={`${id}-help`}
              placeholder="Message to the agent ( m )"
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
                else if (event.key === 'Escape') event.currentTarget.blur()
                else return
                event.preventDefault()
              }}
              className="block w-full rounded-md border border-control bg-page px-2.5 py-1.5 placeholder:text-muted"
            />
          </div>
          <Button type="submit" tone="primary" disabled={!ready || isPending || text.trim() === ''}>
            {isPending ? 'Sending' : phase === 'paused' ? 'Resume and send' : 'Send'}
          </Button>
        </div>
        <p id={`${id}-help`} className="text-xs text-muted">
          {isPending && task.status !== 'active' ? 'It is told when its agent waits for it.' : hints[phase]}
        </p>
      </form>
      {asking && (
        <FormDialog
          title={`Resume ${task.name} and send`}
          verb="Resume and send"
          busy={false}
          fault={null}
          fields={[]}
          onSubmit={send}
          onClose={() => setAsking(false)}
        >
          <p>It is paused. Its workspace is started again, and its agent is told when it waits for it.</p>
          <CountsOne what="It" />
        </FormDialog>
      )}
    </>
  )
}

const hints: Readonly<Record<ReturnType<typeof taskPhase>, string>> = {
  queued: 'It can be told something when its agent waits for it.',
  starting: 'It can be told something when its agent waits for it.',
  working: 'Its agent works; it can be told something when it waits for it.',
  'needs input': 'Ctrl and Enter sends it.',
  done: 'Ctrl and Enter sends it.',
  paused: 'It is paused and is resumed for it, which counts 1 Agent Workspace Build.',
  failed: 'It has failed: its agent is not there.',
  unknown: 'It is not known whether its agent is there.',
}
