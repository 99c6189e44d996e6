import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { client } from '../api/client.ts'
import { setupOpen } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { AccountFields, accountFields, accountOf } from '../forms/account-fields.tsx'
import { FormFault } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { Gate } from './gate.tsx'

/** The first owner: made once, with the token of the setup link where the server asks for one. */
export function SetupPage() {
  const { t } = useSearch({ from: '/setup' })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { data: open } = useQuery(setupOpen)
  useEffect(() => {
    document.title = 'Set up · Reeve'
  }, [])
  const {
    mutate,
    isPending,
    error,
    data: done,
  } = useMutation({
    mutationFn: async (form: FormData) => {
      const account = accountOf(form)
      await client.call(endpoints.createFirstUser, {
        body: { ...account, ...(t === undefined ? {} : { setup_token: t }) },
      })
      await client.call(endpoints.login, { body: { email: account.email, password: account.password } })
      return true
    },
    onSuccess: () => {
      queries.clear()
      void navigate({ to: '/connect' })
    },
  })
  const fault = error === null ? null : faultOf(error)

  if (open === false && !isPending && done !== true) {
    return (
      <Gate title="This deployment is set up">
        <p className="mb-4">It has an owner already. If that is you, sign in; if not, ask them for an account.</p>
        <Link to="/login" className="text-link underline">
          Sign in
        </Link>
      </Gate>
    )
  }
  return (
    <Gate title="Create the first owner">
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          mutate(new FormData(event.currentTarget))
        }}
      >
        <p className="text-muted">The owner may do everything here, and creates the accounts of everybody else.</p>
        <FormFault fault={fault} fields={accountFields} />
        <AccountFields own fault={fault} />
        <Button type="submit" tone="primary" className="w-full" disabled={isPending}>
          {isPending ? 'Creating the owner' : 'Create the owner and sign in'}
        </Button>
      </form>
    </Gate>
  )
}
