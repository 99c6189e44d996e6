import type { Organization } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay, useMayIn } from '../api/may.ts'
import { memberCount } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { organizations } from '../api/roles.ts'
import { OrganizationForm } from '../organizations/organization-form.tsx'
import { pick } from '../organizations/pick.ts'
import { listPage, usePage } from '../shell/page.ts'
import type { Column } from '../table/data-table.tsx'
import { ListPage } from '../table/list-page.tsx'
import { useListSearch } from '../table/use-list-search.ts'
import { Button } from '../ui/button.tsx'
import { Count, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

/** The organizations that the viewer can see. */
export function OrganizationsPage() {
  usePage(listPage('Organizations', 'reeve organizations list', '/api/v2/organizations'))
  const may = useMay()
  const { data, error, isFetching, refetch } = useQuery(organizations)
  const asking = useListSearch()
  const [creating, setCreating] = useState(false)
  const rows = pick(data ?? [], asking.q, facts, readable)
  return (
    <>
      <ListPage
        title="Organizations"
        noun="organization"
        columns={columns}
        list={{
          rows,
          count: data === undefined ? null : rows.length,
          exactly: true,
          stale: data === undefined,
          busy: isFetching,
          fault: error === null ? null : faultOf(error),
          problem: null,
          retry: () => void refetch(),
          more: null,
          moreBusy: false,
        }}
        filters={{
          asking,
          label: 'Query the organizations',
          ranged: false,
          keys: [{ key: 'members', hint: 'what new ones may use', values: ['workspaces', 'bridge-only'] }],
        }}
        aside={
          may('organization:create', 'everywhere') && (
            <Button tone="primary" onClick={() => setCreating(true)}>
              Create an organization
            </Button>
          )
        }
      />
      {creating && <OrganizationForm organization={null} onClose={() => setCreating(false)} />}
    </>
  )
}

const usesOf = ({ default_member_roles }: Organization): 'workspaces' | 'bridge-only' =>
  default_member_roles.includes('organization-workspace-access') ? 'workspaces' : 'bridge-only'

const facts = { members: usesOf }
const readable = ({ name, display_name, description }: Organization) => `${name} ${display_name} ${description}`

const columns: readonly Column<Organization>[] = [
  {
    id: 'name',
    title: 'Name',
    wide: true,
    width: '13rem',
    cell: ({ id, name }) => (
      <Link to="/organizations/$id" params={{ id }} className="truncate font-medium">
        <HostileLine text={name} />
      </Link>
    ),
  },
  { id: 'title', title: 'Title', width: '13rem', cell: ({ display_name }) => <HostileLine text={display_name} /> },
  { id: 'description', title: 'Description', cell: ({ description }) => <HostileLine text={description} /> },
  { id: 'members', title: 'Members', width: '6rem', numeric: true, cell: ({ id }) => <Members of={id} /> },
  {
    id: 'uses',
    title: 'New members use',
    width: '10rem',
    cell: (row) => (usesOf(row) === 'workspaces' ? 'workspaces and tasks' : 'the bridge only'),
  },
  {
    id: 'created',
    title: 'Since',
    width: '10rem',
    room: 'some',
    cell: ({ created_at }) => <Time at={created_at} />,
  },
]

function Members({ of }: { of: string }) {
  const may = useMayIn(of)
  const { data: count } = useQuery({ ...memberCount(of), enabled: may('organization_member:read') })
  return count === undefined ? '–' : <Count value={count} />
}
