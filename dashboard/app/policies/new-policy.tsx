import { startPolicy } from '@reeve/policy'
import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { policies } from '../api/policies.ts'
import { faultOf } from '../api/query-client.ts'
import { organizations } from '../api/roles.ts'
import { templates } from '../api/templates.ts'
import { Choice, Field, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'

/** As `organization <id>` or `template <id>`; empty for the deployment. */
function scopeOf(chosen: string): { organization?: string; template?: string } {
  const [kind, id = ''] = chosen.split(' ')
  return kind === 'organization' ? { organization: id } : kind === 'template' ? { template: id } : {}
}

/** A policy that denies everything but what an allow-list names, and only observes, so that publishing it breaks nothing. */
export function NewPolicy({ onClose }: { onClose: () => void }) {
  const may = useMay()
  const everywhere = may('boundary_policy:create', 'everywhere')
  const { data: places = [] } = useQuery(organizations)
  const { data: found = [] } = useQuery({ ...templates, enabled: may('template:read') })
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending, error } = useMutation({
    mutationFn: (form: FormData) => {
      const { text } = startPolicy(textOf(form, 'name').trim(), textOf(form, 'allowlist'))
      return client.call(endpoints.createBoundaryPolicy, {
        body: { document: text, message: 'First version', ...scopeOf(textOf(form, 'scope')) },
      })
    },
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: policies.queryKey })
      await navigate({ to: '/policies/$policy', params: { policy: name } })
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Write a policy"
      verb={isPending ? 'Writing' : 'Write it'}
      wide
      busy={isPending}
      fault={fault}
      fields={['name', 'scope', 'allowlist']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <p className="text-muted">It only observes at first: what it would deny is let pass and written down.</p>
      <Field
        label="Name"
        name="name"
        autoComplete="off"
        spellCheck={false}
        hint="Lower-case letters, digits and hyphens"
        fault={fault}
      />
      <Choice label="Holds for" name="scope" fault={fault}>
        {everywhere && <option value="">the deployment</option>}
        {places.map(({ id, name }) => (
          <option key={id} value={`organization ${id}`}>
            {name}
          </option>
        ))}
        {found.map(({ id, name, organization_name: organization }) => (
          <option key={id} value={`template ${id}`}>
            {`${organization}: workspaces of ${name}`}
          </option>
        ))}
      </Choice>
      <LongField
        label="Rules of an allow-list"
        name="allowlist"
        rows={5}
        spellCheck={false}
        placeholder={'domain=github.com method=GET,HEAD path=/acme/*\ndomain=*.npmjs.example'}
        hint="Optional: one on each line, as in the allowlist of a Coder boundary"
        fault={fault}
      />
    </FormDialog>
  )
}
