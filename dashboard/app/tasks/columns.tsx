import type { MinimalUser, Task } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import type { Column } from '../table/data-table.tsx'
import { Count, Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { TaskStatusOf } from './status.tsx'

export const ownerOf = ({ owner_id: id, owner_name: username, owner_avatar_url }: Task): MinimalUser => ({
  id,
  username,
  name: '',
  avatar_url: owner_avatar_url,
})

export const titleOf = ({ display_name: title, name }: Task): string => (title === '' ? name : title)

export const templateOf = ({
  template_display_name: title,
  template_name: name,
  template_version_name: version,
}: Task) => `${title === '' ? name : title}@${version}`

/** Why it failed, what it reports of itself, or the last that it said. */
export function lastWordsOf({ error, current_state: state, last_message: last }: Task): string {
  if (error !== '') return error
  return state === null || state.message === '' ? (last ?? '') : state.message
}

export const taskColumns: readonly Column<Task>[] = [
  {
    id: 'title',
    title: 'Task',
    width: '17rem',
    wide: true,
    cell: (row) => (
      <Link to="/tasks/$task" params={{ task: row.id }} className="block truncate font-medium text-link">
        <HostileLine text={titleOf(row)} inControl />
      </Link>
    ),
  },
  { id: 'status', title: 'Status', width: '8.5rem', cell: (row) => <TaskStatusOf task={row} /> },
  {
    id: 'last',
    title: 'Last message',
    wide: true,
    cell: (row) => <HostileLine text={lastWordsOf(row)} />,
  },
  {
    id: 'template',
    title: 'Template',
    width: '10rem',
    room: 'some',
    cell: (row) => <HostileLine text={templateOf(row)} />,
  },
  { id: 'owner', title: 'Owner', width: '8rem', cell: (row) => <Person user={ownerOf(row)} /> },
  {
    id: 'tokens',
    title: 'Tokens',
    width: '6rem',
    numeric: true,
    cell: ({ tokens_used: tokens }) => <Count value={tokens} short />,
  },
  {
    id: 'builds',
    title: 'Builds',
    label: 'Agent Workspace Builds',
    width: '5rem',
    numeric: true,
    room: 'some',
    cell: ({ builds_counted: builds }) => <Count value={builds} />,
  },
  { id: 'at', title: 'Made', width: '11rem', room: 'much', cell: ({ created_at: at }) => <Time at={at} /> },
]
