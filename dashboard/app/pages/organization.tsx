import type { Organization } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useMay, useMayIn } from '../api/may.ts'
import { organization } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { organizationRoles } from '../api/roles.ts'
import { Section } from '../mine/section.tsx'
import { DefaultRoles } from '../organizations/default-roles.tsx'
import { Members } from '../organizations/members.tsx'
import { OrganizationGroups } from '../organizations/organization-groups.tsx'
import { OrganizationHead } from '../organizations/organization-head.tsx'
import { OrganizationRoles } from '../organizations/organization-roles.tsx'
import { RulesSection } from '../rules/rules-section.tsx'
import { usePage } from '../shell/page.ts'
import { OrganizationClaims } from '../sign-in/organization-claims.tsx'
import { useTryOut } from '../sign-in/try-out.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** One organization: who is in it and with which roles, its groups, and how it is set up. */
export function OrganizationPage() {
  const { id } = useParams({ from: '/app/organizations/$id' })
  const { data, error, refetch } = useQuery(organization(id))
  usePage({
    title: data?.name ?? 'Organization',
    parent: { title: 'Organizations', to: '/organizations' },
    cli: `reeve organizations show ${data?.name ?? id}`,
    api: `/api/v2/organizations/${id}`,
  })
  if (error !== null) {
    return (
      <div className="p-4">
        <FaultNotice what="The organization could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      </div>
    )
  }
  return data === undefined ? null : <Shown key={data.id} organization={data} />
}

/** Each part is there for whoever may read it: what the server would refuse is not asked. */
function Shown({ organization: shown }: { organization: Organization }) {
  const may = useMayIn(shown.id)
  const { data: roles, error } = useQuery({ ...organizationRoles(shown.id), enabled: may('role:read') })
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <OrganizationHead organization={shown} may={may} />
      {error !== null && <FaultNotice what="The roles could not be read" fault={faultOf(error)} />}
      {may('organization_member:read') && <Members organization={shown} roles={roles ?? []} may={may} />}
      {may('group:read') && <OrganizationGroups organization={shown} mayCreate={may('group:create')} />}
      {may('ai_rules:read') && (
        <RulesSection holder={{ organizationId: shown.id, groupId: null }} mayChange={may('ai_rules:update')} />
      )}
      <DefaultRoles organization={shown} roles={roles ?? []} mayChange={may('organization:update')} />
      {roles !== undefined && <OrganizationRoles organization={shown} roles={roles} may={may} />}
      {may('idp_settings:read') && <Claims id={shown.id} mayChange={may('idp_settings:update')} />}
    </div>
  )
}

function Claims({ id, mayChange }: { id: string; mayChange: boolean }) {
  const may = useMay()
  const { tryOut, shown } = useTryOut()
  return (
    <Section
      title="What claims become"
      about={
        <>
          How the identity provider fills groups and gives roles in this organization.
          {may('idp_settings:read', 'everywhere') && (
            <>
              {' '}
              Whom it puts into which organization is set under{' '}
              <Link to="/sign-in" className="text-link underline">
                Sign-in
              </Link>
              .
            </>
          )}
        </>
      }
      what="What claims become"
    >
      {shown}
      <OrganizationClaims
        id={id}
        mayChange={mayChange}
        onTry={may('idp_settings:update', 'everywhere') ? tryOut : null}
      />
    </Section>
  )
}
