import { eachEndpoint as endpoints, type Workspace } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { AccessList, type Entry } from '../access-list/access-list.tsx'
import { GrantFields, grantOf } from '../access-list/grant-fields.tsx'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { workspaceAcl } from '../api/workspaces.ts'
import { FormDialog } from '../forms/form-dialog.tsx'
import { FaultNotice } from '../ui/notice.tsx'

const words = { use: 'may use it: terminal, apps and ports', admin: 'may start, stop and change it as well' }

/** With whom a workspace is shared: one after the other is put on the list, or taken off. */
export function ShareWorkspace({ workspace, onClose }: { workspace: Workspace; onClose: () => void }) {
  const queries = useQueryClient()
  const { data: acl, error: unread } = useQuery(workspaceAcl(workspace.id))
  const params = { workspace: workspace.id }
  const change = useMutation({
    mutationFn: async (asked: Entry | FormData) => {
      const { kind, id, role } = asked instanceof FormData ? await grantOf(asked, workspace.organization_id) : asked
      const body = kind === 'group' ? { group_roles: { [id]: role } } : { user_roles: { [id]: role } }
      return client.call(endpoints.updateWorkspaceAcl, { params, body })
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['workspaces'] }),
  })
  return (
    <FormDialog
      title={`Share ${workspace.name}`}
      verb="Share"
      wide
      busy={change.isPending}
      fault={change.error === null ? null : faultOf(change.error)}
      fields={[]}
      onSubmit={change.mutate}
      onClose={onClose}
    >
      <p>Whoever is let in uses what its owner has in there: files, accounts, and models in the owner’s name.</p>
      {unread !== null && <FaultNotice what="Who may use it could not be read" fault={faultOf(unread)} />}
      {acl !== undefined && (
        <AccessList label="Shared with" acl={acl} words={words} busy={change.isPending} onChange={change.mutate} />
      )}
      <GrantFields organizationId={workspace.organization_id} words={words} />
    </FormDialog>
  )
}
