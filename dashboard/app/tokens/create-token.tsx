import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { PermissionMatrix } from '../access/permission-matrix.tsx'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { isTokens, tokenConfig } from '../api/tokens.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { AllowList, allowListOf } from './allow-list.tsx'
import { Lifetime, lifetimeOf } from './lifetime.tsx'

/** A new token, for the viewer or for a service account, with no more than it needs; shown once. */
export function CreateToken({
  user = 'me',
  of = '',
  onClose,
}: {
  user?: string
  /** Whose it will be, where that is not the viewer. */
  of?: string
  onClose: () => void
}) {
  const queries = useQueryClient()
  const [scope, setScope] = useState('gateway')
  const { data: config } = useQuery(tokenConfig(user))
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const name = textOf(form, 'token_name').trim()
      const allowList = allowListOf(form)
      return client.call(endpoints.createToken, {
        params: { user },
        body: {
          ...(name === '' ? {} : { token_name: name }),
          scopes: scope === 'some' ? form.getAll('permission').map(String) : [scope],
          lifetime_seconds: lifetimeOf(form),
          ...(allowList === undefined ? {} : { allow_list: allowList }),
        },
      })
    },
    onSuccess: () => queries.invalidateQueries({ predicate: isTokens }),
  })
  const [without, setWithout] = useState(false)
  const fault = error === null ? null : faultOf(error)
  if (data !== undefined) {
    return (
      <Dialog title="Token created" onClose={onClose}>
        <div className="space-y-4">
          <p>Copy it now: it is stored as a hash and cannot be shown again.</p>
          <Commands label="The new token" lines={[data.key]} />
          <div className="flex justify-end">
            <Button tone="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    )
  }
  const whose = of === '' ? 'you' : 'the account'
  return (
    <FormDialog
      title={of === '' ? 'Create a token' : `Create a token for ${of}`}
      verb={isPending ? 'Creating' : 'Create'}
      wide
      busy={isPending}
      fault={fault}
      fields={['token_name', 'scopes', 'lifetime_seconds']}
      onSubmit={(form) => {
        // An empty list of scopes would be every scope.
        const none = scope === 'some' && form.getAll('permission').length === 0
        setWithout(none)
        if (!none) mutate(form)
      }}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="token_name"
        autoComplete="off"
        spellCheck={false}
        placeholder={of === '' ? 'laptop' : 'nightly'}
        hint="What it will be known by"
        fault={fault}
      />
      <Choice
        label="Scope"
        name="scopes"
        value={scope}
        onChange={(event) => setScope(event.target.value)}
        hint={`What it may do, whatever ${whose} may do`}
        fault={fault}
      >
        <option value="gateway">gateway: call models, nothing else</option>
        <option value="api">api: this API, no models</option>
        <option value="all">all: everything {whose} may do</option>
        <option value="some">single permissions</option>
      </Choice>
      {scope === 'some' && (
        <div>
          {without && (
            <p role="alert" className="mb-1 text-bad">
              Choose at least one permission.
            </p>
          )}
          <div className="max-h-72 overflow-y-auto">
            <PermissionMatrix
              label="What it may"
              granted={new Set()}
              choosable={{ name: 'permission', may: () => true, whole: true }}
            />
          </div>
          <p className="mt-1 text-xs text-muted">What {whose} may not do stays refused, whatever is chosen here.</p>
        </div>
      )}
      <Lifetime maxSeconds={(config?.max_token_lifetime ?? 365 * 86_400e9) / 1e9} fault={fault} />
      <AllowList />
    </FormDialog>
  )
}
