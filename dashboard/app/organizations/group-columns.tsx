import type { Group } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import type { Column } from '../table/data-table.tsx'
import { Count, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

/** As people ask for it. */
export const sourceOf = ({ source }: Pick<Group, 'source'>): 'local' | 'oidc' => (source === 'oidc' ? 'oidc' : 'local')

export const groupColumns: readonly Column<Group>[] = [
  {
    id: 'name',
    title: 'Name',
    wide: true,
    width: '14rem',
    cell: ({ id, name }) => (
      <Link to="/groups/$id" params={{ id }} className="truncate font-medium">
        <HostileLine text={name} />
      </Link>
    ),
  },
  { id: 'title', title: 'Title', cell: ({ display_name }) => <HostileLine text={display_name} /> },
  {
    id: 'source',
    title: 'Filled by',
    width: '9rem',
    cell: ({ source }) => (source === 'oidc' ? 'identity provider' : 'people here'),
  },
  {
    id: 'members',
    title: 'Members',
    width: '6rem',
    numeric: true,
    cell: ({ total_member_count }) => <Count value={total_member_count} />,
  },
  {
    id: 'quota',
    title: 'Quota',
    width: '6rem',
    numeric: true,
    cell: ({ quota_allowance }) => <Count value={quota_allowance} />,
  },
  {
    id: 'updated',
    title: 'Changed',
    width: '10rem',
    room: 'some',
    cell: ({ updated_at }) => <Time at={updated_at} />,
  },
]

export const organizationColumn: Column<Group> = {
  id: 'organization',
  title: 'Organization',
  width: '11rem',
  cell: ({ organization_name }) => <HostileLine text={organization_name} />,
}
