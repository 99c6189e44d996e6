import type { Group } from '@reeve/sdk'
import { useState } from 'react'
import { useGroupsIn, useOrganizationsFor } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { groupColumns, organizationColumn, sourceOf } from '../organizations/group-columns.tsx'
import { CreateGroup } from '../organizations/group-form.tsx'
import { pick } from '../organizations/pick.ts'
import { listPage, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import { useListSearch } from '../table/use-list-search.ts'
import { Button } from '../ui/button.tsx'
import { Empty } from '../ui/notice.tsx'

const facts = {
  source: sourceOf,
  organization: ({ organization_name }: Group) => organization_name,
}

/** The groups of every organization that the viewer may look into. */
export function GroupsPage() {
  usePage(listPage('Groups', 'reeve groups list', '/api/v2/organizations/default/groups'))
  const { places, error: unplaced, refetch } = useOrganizationsFor('group:read')
  const { places: own } = useOrganizationsFor('group:create')
  const { groups, error: unread, busy, refetch: reread } = useGroupsIn(places?.map(({ id }) => id))
  const asking = useListSearch()
  const [creating, setCreating] = useState(false)
  const error = unplaced ?? unread
  const rows = pick(groups ?? [], asking.q, facts, ({ name, display_name }) => `${name} ${display_name}`)
  const mayCreate = own !== undefined && own.length > 0
  const several = places !== undefined && places.length > 1
  const create = mayCreate && (
    <Button tone="primary" onClick={() => setCreating(true)}>
      Create a group
    </Button>
  )
  return (
    <>
      <ListPage
        title="Groups"
        noun="group"
        columns={several ? groupColumns.toSpliced(2, 0, organizationColumn) : groupColumns}
        list={{
          rows,
          count: groups === undefined ? null : rows.length,
          exactly: true,
          stale: groups === undefined,
          busy,
          fault: error === null ? null : faultOf(error),
          problem: null,
          retry: unplaced === null ? reread : refetch,
          more: null,
          moreBusy: false,
        }}
        filters={{
          asking,
          label: 'Query the groups',
          ranged: false,
          keys: [
            { key: 'source', hint: 'who fills it', values: ['local', 'oidc'] },
            ...(several ? [{ key: 'organization', hint: 'whose it is', values: places.map(({ name }) => name) }] : []),
          ],
        }}
        aside={create}
        empty={
          <Empty title="There is no group yet">
            <p>Groups carry quotas, and access lists name them. The identity provider can fill them.</p>
            {create}
          </Empty>
        }
      />
      {creating && own !== undefined && <CreateGroup places={own} onClose={() => setCreating(false)} />}
    </>
  )
}
