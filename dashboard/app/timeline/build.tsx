import type { TimelineBuild } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { Box } from 'lucide-react'
import { memo } from 'react'
import { HostileLine } from '../ui/hostile-text.tsx'
import type { Zone } from '../ui/instant.ts'
import { TimelineLine } from './line.tsx'
import { laneColour } from './minimap.tsx'
import type { BuildRow } from './rows.ts'

interface BuildProps {
  readonly row: BuildRow
  readonly active: boolean
  readonly mark: string
  readonly zone: Zone
  readonly now: Date
}

const words = { start: 'start', stop: 'stop', delete: 'delete' } as const

/** What became of the workspace between two events: it was started, paused, resumed or deleted, and why. */
export const BuildBody = memo(function BuildBody({ row: { build }, active, mark, zone, now }: BuildProps) {
  const colour = build.status === 'failed' ? 'var(--bad)' : laneColour.system
  return (
    <TimelineLine time={build.time} {...{ zone, now, colour }} icon={Box} title={words[build.transition]} quiet>
      <div className="flex min-w-0 items-center gap-x-2">
        <span className="mono min-w-0 flex-1 truncate">
          <HostileLine text={headline(build)} mark={mark} />
        </span>
        <Link
          to="/workspaces/$workspace"
          params={{ workspace: build.workspace_id }}
          tabIndex={active ? 0 : -1}
          className="inline-flex min-h-6 shrink-0 items-center rounded text-xs hover:text-link hover:underline"
        >
          open workspace
        </Link>
      </div>
    </TimelineLine>
  )
})

const headline = ({ workspace_name: name, number, reason, status }: TimelineBuild): string =>
  `${name} #${number} · ${status} · ${reason.replaceAll('_', ' ')}`

/** What a screen reader hears first when a build gets the focus. */
export const buildName = ({ build }: BuildRow): string => `workspace ${build.transition}, ${headline(build)}`
