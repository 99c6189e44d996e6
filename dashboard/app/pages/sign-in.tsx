import { eachEndpoint as endpoints, type GroupSync, type OrganizationSync, type RoleSync } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice } from '../forms/field.tsx'
import { usePage } from '../shell/page.ts'
import { Status } from '../sign-in/status.tsx'
import { SyncForm } from '../sign-in/sync-form.tsx'
import { TestResult } from '../sign-in/test-result.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** How people sign in, and what the claims of the identity provider become; tried by a test login before it is saved. */
export function SignInPage() {
  usePage({ title: 'Sign-in', cli: 'reeve settings sign-in', api: '/api/v2/settings/sign-in' })
  const { test } = useSearch({ from: '/app/sign-in' })
  const [trying, setTrying] = useState<{ id: string; url: string } | null>(null)
  const [organization, setOrganization] = useState('')
  const { data, error, refetch } = useQuery({ queryKey: ['sign-in', organization], queryFn: () => load(organization) })
  const tryOut = async (body: Edited) => setTrying(await createTest(body))
  const shown = trying?.id ?? test
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <h1 className="text-xl">Sign-in</h1>
      {error !== null && (
        <FaultNotice what="The settings could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      )}
      {data !== undefined && (
        <>
          <Status status={data.status} />
          {trying !== null && (
            <p role="status" className="rounded-lg border border-line px-3 py-2">
              <a href={trying.url} target="_blank" rel="noopener" className="text-link underline">
                Open the test login
              </a>{' '}
              and sign in at the provider. Nothing of it is saved; what it showed appears here.
            </p>
          )}
          {shown !== undefined && <TestResult id={shown} />}
          <section aria-labelledby="claims" className="space-y-4">
            <h2 id="claims" className="text-lg">
              What claims become
            </h2>
            <SyncForm
              title="Organizations"
              targets="ids of organizations"
              settings={data.organization}
              onSave={(body) => client.call(endpoints.patchOrganizationSync, { body })}
              onTry={(next) => tryOut({ organization: next })}
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
            <div key={data.id} className="grid gap-4 md:grid-cols-2">
              <SyncForm
                title="Groups"
                targets="ids of groups"
                settings={data.groups}
                onSave={(body) => client.call(endpoints.patchGroupSync, { params: { organization: data.id }, body })}
                onTry={(next) => tryOut({ groups: { [data.id]: next } })}
              />
              <SyncForm
                title="Roles"
                targets="names of roles"
                settings={data.roles}
                onSave={(body) => client.call(endpoints.patchRoleSync, { params: { organization: data.id }, body })}
                onTry={(next) => tryOut({ roles: { [data.id]: next } })}
              />
            </div>
            {data.groupNames.length > 0 && (
              <p className="text-xs text-muted">
                Groups: <HostileLine text={data.groupNames.join(', ')} />
              </p>
            )}
          </section>
        </>
      )}
    </div>
  )
}

interface Edited {
  readonly organization?: OrganizationSync
  readonly groups?: Record<string, GroupSync>
  readonly roles?: Record<string, RoleSync>
}

const createTest = (body: Edited) => client.call(endpoints.createTestLogin, { body })

async function load(wanted: string) {
  const organizations = await client.call(endpoints.listOrganizations, {})
  const id = wanted === '' ? (organizations.find(({ is_default }) => is_default)?.id ?? '') : wanted
  const params = { organization: id }
  const [status, organization, groups, roles, all] = await Promise.all([
    client.call(endpoints.getSignInStatus, {}),
    client.call(endpoints.getOrganizationSync, {}),
    client.call(endpoints.getGroupSync, { params }),
    client.call(endpoints.getRoleSync, { params }),
    client.call(endpoints.listGroups, { params }),
  ])
  return { id, organizations, status, organization, groups, roles, groupNames: all.map((g) => `${g.name} = ${g.id}`) }
}
