import { endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { client } from '../api/client.ts'
import { setupOpen } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, FormFault, textOf } from '../forms/field.tsx'
import { suggestPassphrase } from '../forms/passphrase.ts'
import { Button } from '../ui/button.tsx'
import { Gate } from './gate.tsx'

const fields = ['username', 'name', 'email', 'password']

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
      const email = textOf(form, 'email').trim()
      const password = textOf(form, 'password')
      const name = textOf(form, 'name').trim()
      await client.call(endpoints.createFirstUser, {
        body: {
          username: textOf(form, 'username').trim(),
          email,
          password,
          ...(name === '' ? {} : { name }),
          ...(t === undefined ? {} : { setup_token: t }),
        },
      })
      await client.call(endpoints.login, { body: { email, password } })
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
        <FormFault fault={fault} fields={fields} />
        <Field
          label="Username"
          name="username"
          autoComplete="username"
          autoFocus
          spellCheck={false}
          autoCapitalize="none"
          hint="Letters, digits and single hyphens"
          fault={fault}
        />
        <Field label="Name" name="name" autoComplete="name" hint="Optional" fault={fault} />
        <Field label="E-mail" name="email" type="email" autoComplete="email" hint="You sign in with it" fault={fault} />
        <NewPassword fault={fault} />
        <Button type="submit" tone="primary" className="w-full" disabled={isPending}>
          {isPending ? 'Creating the owner' : 'Create the owner and sign in'}
        </Button>
      </form>
    </Gate>
  )
}

/** A password to choose: shown on demand, pasted freely, or suggested. */
export function NewPassword({ fault }: { fault: ReturnType<typeof faultOf> | null }) {
  const [value, setValue] = useState('')
  const [shown, setShown] = useState(false)
  return (
    <div>
      <Field
        label="Password"
        name="password"
        type={shown ? 'text' : 'password'}
        autoComplete="new-password"
        spellCheck={false}
        value={value}
        onChange={(event) => setValue(event.target.value)}
        hint="At least 8 characters; a long passphrase is best"
        fault={fault}
        trailing={
          <Button onClick={() => setShown(!shown)} aria-pressed={shown}>
            {shown ? 'Hide' : 'Show'}
          </Button>
        }
      />
      <Button
        tone="quiet"
        className="mt-1 -ml-2.5"
        onClick={() => {
          setValue(suggestPassphrase())
          setShown(true)
        }}
      >
        Suggest a strong passphrase
      </Button>
    </div>
  )
}
