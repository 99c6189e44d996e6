import type { WorkspaceStatus } from '@reeve/sdk'
import { Check, CircleAlert, CircleDot, CircleSlash, Clock, Square, Trash2 } from 'lucide-react'
import { State } from '../ui/facts.tsx'

const busy = ['text-link', CircleDot] as const

const looks: Readonly<Record<WorkspaceStatus, readonly [tone: string, icon: typeof Check]>> = {
  pending: ['text-muted', Clock],
  starting: busy,
  running: ['text-ok', Check],
  stopping: busy,
  stopped: ['text-muted', Square],
  deleting: busy,
  deleted: ['text-muted', Trash2],
  canceling: busy,
  canceled: ['text-warn', CircleSlash],
  failed: ['text-bad', CircleAlert],
}

/** Where a workspace is, or where a build got it. */
export function WorkspaceState({ status }: { status: WorkspaceStatus }) {
  const [tone, Icon] = looks[status]
  return (
    <State tone={tone} icon={<Icon size={14} className={Icon === CircleDot ? 'pulse' : ''} aria-hidden />}>
      {status}
    </State>
  )
}
