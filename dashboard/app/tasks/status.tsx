import { type Task, type TaskPhase, taskPhase } from '@reeve/sdk'
import { Check, CircleAlert, CircleDot, CircleHelp, Clock, MessageCircleQuestion, Pause } from 'lucide-react'
import { State } from '../ui/facts.tsx'

const looks: Readonly<Record<TaskPhase, readonly [tone: string, icon: typeof Check]>> = {
  queued: ['text-muted', Clock],
  starting: ['text-link', CircleDot],
  working: ['text-link', CircleDot],
  'needs input': ['text-warn', MessageCircleQuestion],
  done: ['text-ok', Check],
  paused: ['text-muted', Pause],
  failed: ['text-bad', CircleAlert],
  unknown: ['text-muted', CircleHelp],
}

/** Where a task is. */
export function TaskStatusOf({ task }: { task: Pick<Task, 'status' | 'current_state'> }) {
  const phase = taskPhase(task)
  const [tone, Icon] = looks[phase]
  return (
    <State tone={tone} icon={<Icon size={14} className={Icon === CircleDot ? 'pulse' : ''} aria-hidden />}>
      {phase}
    </State>
  )
}
