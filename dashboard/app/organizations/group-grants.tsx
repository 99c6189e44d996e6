import type { Group } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { groupClaims } from '../api/organizations.ts'
import { Section } from '../mine/section.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

/** What being in a group comes to, and which values of the identity provider put people in. */
export function GroupGrants({ group, mayReadClaims }: { group: Group; mayReadClaims: boolean }) {
  const { data: claims } = useQuery({ ...groupClaims(group.organization_id), enabled: mayReadClaims })
  const values =
    claims === undefined || claims.field === ''
      ? []
      : Object.entries(claims.mapping)
          .filter(([, targets]) => targets.includes(group.id))
          .map(([value]) => value)
  return (
    <Section
      title="What it gives"
      about="A group gives no role: who may administer, read or review is decided by roles alone."
      what="What it gives"
    >
      <ul className="list-disc space-y-1 pl-5">
        <li>
          {group.quota_allowance === 0
            ? 'No quota.'
            : `A quota of ${exact(group.quota_allowance)} for the workspaces of each member.`}
        </li>
        <li>What access lists of templates and workspaces give to the group.</li>
        {values.length > 0 && (
          <li>
            Filled from the claim <HostileLine text={claims?.field ?? ''} />, by{' '}
            <HostileLine text={values.join(', ')} />.
          </li>
        )}
        {values.length === 0 && group.source === 'oidc' && claims !== undefined && (
          <li>
            Filled from the claim <HostileLine text={claims.field} />, by the value that is its name.
          </li>
        )}
      </ul>
    </Section>
  )
}
