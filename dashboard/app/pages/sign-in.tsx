import { eachEndpoint as endpoints, type OrganizationSync } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice } from '../forms/field.tsx'
import { usePage } from '../shell/page.ts'
import { idsForNames, namesForIds } from '../sign-in/named-targets.ts'
import { OrganizationClaims } from '../sign-in/organization-claims.tsx'
import { Status } from '../sign-in/status.tsx'
import { SyncForm } from '../sign-in/sync-form.tsx'
import { useTryOut } from '../sign-in/try-out.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** How people sign in, and what the claims of the identity provider become; tried by a test login before it is saved. */
export function SignInPage() {
  usePage({ title: 'Sign-in', cli: 'reeve settings sign-in', api: '/api/v2/settings/sign-in' })
  const { test } = useSearch({ from: '/app/sign-in' })
  const { tryOut, shown } = useTryOut(test)
  const mayChange = useMay()('idp_settings:update', 'everywhere')
  const [organization, setOrganization] = useState('')
  const { data, error, refetch } = useQuery({ queryKey: ['sign-in', organization], queryFn: () => load(organization) })
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <h1 className="text-lg">Sign-in</h1>
      {error !== null && (
        <FaultNotice what="The settings could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      )}
      {data !== undefined && (
        <>
          <Status status={data.status} />
          {shown}
          <section aria-labelledby="claims" className="space-y-4">
            <h2 id="claims" className="text-lg">
              What claims become
            </h2>
            <SyncForm
              title="Organizations"
              targets="names of organizations"
              settings={namesForIds(data.organization, data.organizations)}
              onSave={mayChange ? (next) => save(idsForNames(next, data.organizations)) : null}
              onTry={mayChange ? (next) => tryOut({ organization: idsForNames(next, data.organizations) }) : null}
            />
            <Choice
              label="Of the organization"
              name="organization"
              value={data.id}
              onChange={({ currentTarget }) => setOrganization(currentTarget.value)}
            >
              {data.organizations.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Choice>
            <OrganizationClaims id={data.id} mayChange={mayChange} onTry={mayChange ? tryOut : null} />
          </section>
        </>
      )}
    </div>
  )
}

const save = (body: OrganizationSync) => client.call(endpoints.patchOrganizationSync, { body })

async function load(wanted: string) {
  const organizations = await client.call(endpoints.listOrganizations, {})
  const id = wanted === '' ? (organizations.find(({ is_default }) => is_default)?.id ?? '') : wanted
  const [status, organization] = await Promise.all([
    client.call(endpoints.getSignInStatus, {}),
    client.call(endpoints.getOrganizationSync, {}),
  ])
  return { id, organizations, status, organization }
}
