import type { AccessRequest } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { Ban, Check, CircleDot, TriangleAlert, Undo2, Clock } from 'lucide-react'
import { useNow } from '../hooks/use-clock.ts'
import type { Column } from '../table/data-table.tsx'
import { Person, State } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { ago, allReadings } from '../ui/instant.ts'
import { durationText, riskWords, ruleLine, scopeText } from './words.ts'

const looks: Readonly<Record<AccessRequest['status'], readonly [string, string, typeof Check]>> = {
  pending: ['waits', 'text-link', CircleDot],
  approved: ['approved', 'text-ok', Check],
  declined: ['declined', 'text-bad', Ban],
  withdrawn: ['withdrawn', 'text-muted', Undo2],
  expired: ['expired', 'text-muted', Clock],
}

export function RequestStatus({ status }: { status: AccessRequest['status'] }) {
  const [word, tone, Icon] = looks[status]
  return (
    <State tone={tone} icon={<Icon size={14} aria-hidden />}>
      {word}
    </State>
  )
}

export function Age({ at }: { at: string }) {
  const now = useNow()
  const instant = new Date(at)
  return (
    <time dateTime={at} title={allReadings(instant, now)} className="num whitespace-nowrap">
      {ago(instant, now)}
    </time>
  )
}

export function Risks({ risks }: { risks: AccessRequest['risks'] }) {
  if (risks.length === 0) return <span className="text-muted">–</span>
  return (
    <State tone="text-warn" icon={<TriangleAlert size={14} aria-hidden />}>
      <span title={risks.map((risk) => riskWords[risk]).join('\n')}>{risks.join(', ')}</span>
    </State>
  )
}

const line = (text: string) => (
  <span title={text.slice(0, 2000)}>
    <HostileLine text={text} />
  </span>
)

export const requestColumns: readonly Column<AccessRequest>[] = [
  {
    id: 'what',
    title: 'What was denied',
    wide: true,
    cell: ({ id, what }) => (
      <Link
        to="."
        search={(old) => ({ ...old, request: id })}
        resetScroll={false}
        title={what.slice(0, 2000)}
        className="truncate text-link"
      >
        <HostileLine text={what} />
      </Link>
    ),
  },
  { id: 'status', title: 'Status', width: '7rem', cell: ({ status }) => <RequestStatus status={status} /> },
  { id: 'age', title: 'Asked', width: '7rem', cell: ({ created_at }) => <Age at={created_at} /> },
  { id: 'who', title: 'By', width: '6rem', cell: ({ requester }) => <Person user={requester} /> },
  { id: 'reason', title: 'Reason', width: '14rem', cell: ({ reason }) => line(reason) },
  {
    id: 'for',
    title: 'For',
    width: '11rem',
    cell: ({ scope, duration_seconds }) => `${scopeText(scope)}, ${durationText(duration_seconds)}`,
  },
  { id: 'risks', title: 'Mind', width: '10rem', room: 'some', cell: ({ risks }) => <Risks risks={risks} /> },
  {
    id: 'identical',
    title: 'Same, 7 days',
    width: '6.5rem',
    numeric: true,
    room: 'much',
    cell: ({ identical }) => exact(identical.count),
  },
  { id: 'rule', title: 'Rule', width: '16rem', room: 'much', cell: ({ rule }) => line(ruleLine(rule)) },
]
