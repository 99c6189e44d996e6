import { actDetail, actTarget, actVerb, reasonText, type BoundaryEvent } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import type { Column } from '../table/data-table.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { bytes } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { VerdictState, verdictOf } from './verdict.tsx'

const none = <span className="text-muted">–</span>
const line = (text: string) =>
  text === '' ? (
    none
  ) : (
    <span title={text.slice(0, 2000)}>
      <HostileLine text={text} />
    </span>
  )

export const eventColumns = (zone: string): readonly Column<BoundaryEvent>[] => [
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
  { id: 'verdict', title: 'Verdict', width: '7rem', cell: (event) => <VerdictState verdict={verdictOf(event)} /> },
  { id: 'act', title: 'What', width: '5rem', cell: (event) => <HostileLine text={actVerb(event)} /> },
  { id: 'target', title: 'Host or file', width: '14rem', wide: true, cell: (event) => line(actTarget(event)) },
  { id: 'path', title: 'Path or command', wide: true, cell: (event) => line(actDetail(event)) },
  { id: 'rule', title: 'Rule', width: '9rem', cell: ({ rule }) => line(rule) },
  { id: 'process', title: 'Process', width: '7rem', cell: ({ process }) => line(process?.tree.at(-1) ?? '') },
  { id: 'owner', title: 'Person', width: '6rem', room: 'some', cell: ({ owner }) => <Person user={owner} /> },
  {
    id: 'workspace',
    title: 'Workspace',
    width: '9rem',
    room: 'some',
    cell: ({ workspace }) => line(workspace?.name ?? ''),
  },
  {
    id: 'task',
    title: 'Task',
    width: '9rem',
    room: 'much',
    cell: ({ workspace }) => line(workspace?.task_name ?? ''),
  },
  {
    id: 'policy',
    title: 'Policy',
    width: '8rem',
    room: 'some',
    cell: ({ policy }) => (policy === null ? none : line(`${policy.name}@v${policy.version}`)),
  },
  {
    id: 'bytes',
    title: 'Out / in',
    width: '8rem',
    room: 'much',
    numeric: true,
    cell: ({ net }) => (net === null ? none : `${bytes(net.bytes_up)} / ${bytes(net.bytes_down)}`),
  },
  { id: 'protocol', title: 'Protocol', width: '6rem', room: 'much', cell: ({ net }) => line(net?.protocol ?? '') },
  { id: 'reason', title: 'Reason', width: '11rem', room: 'much', cell: (event) => line(reasonText(event.reason)) },
]
