import { eachEndpoint as endpoints, type Workspace } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { buildFindings } from '../api/workspaces.ts'
import { FormDialog } from '../forms/form-dialog.tsx'
import { AskedFields } from './asked-fields.tsx'
import { chosenOf, fieldOf } from './parameter-field.tsx'
import { useAsked } from './use-asked.ts'

/** A start with other values than before, as many of them as the template lets change; what is not changed stays. */
export function StartWith({
  workspace,
  version,
  onClose,
}: {
  workspace: Workspace
  /** Which it has, and goes on with. */
  version: string
  onClose: () => void
}) {
  const { data: before } = useQuery(buildFindings(workspace.latest_build))
  const known = Object.fromEntries(before?.parameters.map(({ name, value }) => [name, value]) ?? [])
  const asked = useAsked(version, known)
  const queries = useQueryClient()
  const parameters = asked.parameters.filter(({ name, mutable }) => mutable || known[name] === undefined)
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.createWorkspaceBuild, {
        params: { workspace: workspace.id },
        body: {
          transition: 'start',
          rich_parameter_values: chosenOf(form, parameters, asked.begins),
          reason: 'dashboard',
        },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['workspaces'] })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title={`Start ${workspace.name} with other values`}
      verb={isPending ? 'Starting' : 'Start'}
      busy={isPending}
      ready={asked.isReady && before !== undefined}
      fault={fault}
      fields={parameters.map(({ name }) => fieldOf(name))}
      onSubmit={mutate}
      onClose={onClose}
    >
      {before !== undefined && (
        <AskedFields asked={asked} parameters={parameters} round={workspace.latest_build.id} fault={fault} />
      )}
      {asked.isReady && parameters.length === 0 && (
        <p className="text-muted">The template lets nothing be changed after the first build.</p>
      )}
    </FormDialog>
  )
}
