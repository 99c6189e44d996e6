import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { RoleForm } from '../access/role-form.tsx'
import { RoleList } from '../access/role-list.tsx'
import { useMay, useMayIn } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { organizationRoles, organizations, siteRoles } from '../api/roles.ts'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'

/** What each role grants, and to whose things: those that are built in, and those that people made. */
export function RolesPage() {
  usePage({ title: 'Roles', cli: 'reeve roles list', api: '/api/v2/users/roles' })
  const may = useMay()
  const site = useQuery({ ...siteRoles, enabled: may('role:read', 'everywhere') })
  const { data: places = [] } = useQuery(organizations)
  const [creating, setCreating] = useState(false)
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <PageHead
        title="Roles"
        about={
          <>
            Roles add up, and the scope of a credential can only take away. The words of other people are read by
            content reviewers alone, each time on record.
          </>
        }
      >
        {may('role:create') && (
          <Button tone="primary" onClick={() => setCreating(true)}>
            Create a role
          </Button>
        )}
      </PageHead>
      {site.error !== null && (
        <FaultNotice
          what="The roles could not be read"
          fault={faultOf(site.error)}
          onRetry={() => void site.refetch()}
        />
      )}
      {site.data !== undefined && (
        <section aria-label="Everywhere" className="space-y-2">
          <h2 className="text-base">Everywhere</h2>
          <RoleList roles={site.data} may={(permission) => may(permission, 'everywhere')} />
        </section>
      )}
      {places.map(({ id, name, display_name }) => (
        <RolesIn key={id} id={id} title={`In ${display_name === '' ? name : display_name}`} />
      ))}
      {creating && (
        <RoleForm
          places={may('role:create', 'everywhere') ? [{ id: '', name: 'everywhere' }, ...places] : places}
          onClose={() => setCreating(false)}
        />
      )}
    </div>
  )
}

/** The roles of one organization; none, where the viewer may not look into it. */
function RolesIn({ id, title }: { id: string; title: string }) {
  const may = useMayIn(id)
  const { data: roles, error, refetch } = useQuery({ ...organizationRoles(id), enabled: may('role:read') })
  return (
    <>
      {error !== null && (
        <FaultNotice
          what={`The roles could not be read: ${title}`}
          fault={faultOf(error)}
          onRetry={() => void refetch()}
        />
      )}
      {roles !== undefined && (
        <section aria-label={title} className="space-y-2">
          <h2 className="truncate text-base">
            <HostileLine text={title} />
          </h2>
          <RoleList roles={roles} may={may} />
        </section>
      )}
    </>
  )
}
