import type { AuditEvent } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { Ban, Check } from 'lucide-react'
import type { Column } from '../table/data-table.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { shortId } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { changeLine, said, sourceWord } from './words.ts'

/** The range of events that this browser has found to be what was signed. */
export interface Proved {
  readonly from: number
  readonly to: number
}

const none = <span className="text-muted">–</span>

export const auditColumns = (zone: string, proved: Proved | null): readonly Column<AuditEvent>[] => [
  {
    id: 'time',
    title: `Time (${zone})`,
    label: 'Time',
    width: '10rem',
    cell: ({ id, time }) => (
      <Link to="." search={(old) => ({ ...old, event: id })} resetScroll={false} className="text-link">
        <Time at={time} />
      </Link>
    ),
  },
  {
    id: 'actor',
    title: 'Actor',
    width: '6.5rem',
    cell: ({ actor }) => (actor === null ? <span className="text-muted">nobody</span> : <Person user={actor} />),
  },
  { id: 'action', title: 'Action', width: '7.5rem', cell: ({ action }) => <HostileLine text={said(action)} /> },
  {
    id: 'object',
    title: 'Object',
    width: '11rem',
    wide: true,
    cell: ({ resource_type, resource_target }) => (
      <span title={`${said(resource_type)} ${resource_target}`}>
        <span className="text-muted">{said(resource_type)}</span> <HostileLine text={resource_target} />
      </span>
    ),
  },
  { id: 'change', title: 'Change', wide: true, cell: ({ diff }) => <Change diff={diff} /> },
  { id: 'result', title: 'Result', width: '5.5rem', cell: ({ outcome }) => <Result outcome={outcome} /> },
  { id: 'source', title: 'Source', width: '6.75rem', room: 'some', cell: ({ source }) => sourceWord(source) },
  {
    id: 'ip',
    title: 'Address',
    width: '7.5rem',
    room: 'some',
    cell: ({ ip }) => (ip === null ? none : <HostileLine text={ip} />),
  },
  {
    id: 'reason',
    title: 'Reason',
    width: '9rem',
    room: 'much',
    cell: ({ reason }) =>
      reason === null ? (
        none
      ) : (
        <span title={reason}>
          <HostileLine text={reason} />
        </span>
      ),
  },
  {
    id: 'request',
    title: 'Request',
    width: '7.5rem',
    room: 'much',
    cell: ({ request_id }) =>
      request_id === null ? (
        none
      ) : (
        <span className="mono" title={request_id}>
          <HostileLine text={shortId(request_id)} />
        </span>
      ),
  },
  {
    id: 'place',
    title: 'No.',
    label: 'Place in the chain',
    width: '5rem',
    room: 'much',
    numeric: true,
    cell: ({ seq }) => <PlaceInChain seq={seq} proved={proved} />,
  },
]

export function Result({ outcome }: { outcome: AuditEvent['outcome'] }) {
  if (outcome === 'ok') return 'ok'
  return (
    <span className="inline-flex items-center gap-1.5 align-bottom text-bad">
      <Ban size={14} aria-hidden />
      refused
    </span>
  )
}

export function PlaceInChain({ seq, proved }: { seq: number | null; proved: Proved | null }) {
  if (seq === null) return <span title="It has no place in the chain yet">{none}</span>
  const isProved = proved !== null && seq >= proved.from && seq <= proved.to
  return (
    <span className="inline-flex items-center gap-1 align-bottom">
      {isProved && <Check size={13} className="text-ok" role="img" aria-label="verified in this browser:" />}
      {seq}
    </span>
  )
}

function Change({ diff }: { diff: AuditEvent['diff'] }) {
  const line = changeLine(diff)
  if (line === '') return none
  return (
    <span title={line.slice(0, 2000)}>
      <HostileLine text={line} />
    </span>
  )
}
