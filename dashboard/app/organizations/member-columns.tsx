import type { Member } from '../api/organizations.ts'
import type { Column } from '../table/data-table.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { PersonLink } from './person-link.tsx'

const named = (roles: Member['roles']): string => roles.map((role) => role.display_name || role.name).join(', ')

/** `open`: the viewer may open the person's page. */
export const memberColumns = (open: boolean): readonly Column<Member>[] => [
  {
    id: 'username',
    title: 'Username',
    wide: true,
    width: '10rem',
    cell: ({ id, username }) => <PersonLink id={id} username={username} open={open} />,
  },
  { id: 'name', title: 'Name', width: '12rem', cell: ({ name }) => <HostileLine text={name} /> },
  {
    id: 'roles',
    title: 'Roles in it',
    cell: ({ roles }) =>
      roles.length === 0 ? <span className="text-muted">none</span> : <HostileLine text={named(roles)} />,
  },
  {
    id: 'everywhere',
    title: 'Everywhere',
    width: '9rem',
    room: 'some',
    cell: ({ global_roles }) => <HostileLine text={named(global_roles)} />,
  },
  {
    id: 'status',
    title: 'Status',
    width: '6rem',
    cell: ({ status }) => <span className={status === 'suspended' ? 'text-warn' : ''}>{status}</span>,
  },
  {
    id: 'since',
    title: 'Member since',
    width: '8rem',
    room: 'much',
    cell: ({ created_at }) => <Time at={created_at} />,
  },
]
