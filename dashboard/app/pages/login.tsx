import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { client } from '../api/client.ts'
import { authMethods, setupOpen } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, FormFault, textOf } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { Gate, safePath } from './gate.tsx'
import { ProviderSignIn } from './provider-sign-in.tsx'

export function LoginPage() {
  const { to, problem, request } = useSearch({ from: '/login' })
  const router = useRouter()
  const queries = useQueryClient()
  const { data: open } = useQuery(setupOpen)
  const { data: methods } = useQuery(authMethods)
  useEffect(() => {
    document.title = 'Sign in · Reeve'
  }, [])
  const { mutate, isPending, error } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.login, { body: { email: textOf(form, 'email'), password: textOf(form, 'password') } }),
    onSuccess: () => {
      queries.clear()
      router.history.push(safePath(to))
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <Gate title="Sign in">
      <ProviderSignIn to={to} problem={problem} request={request} />
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          mutate(new FormData(event.currentTarget))
        }}
      >
        <FormFault fault={fault} fields={['email', 'password']} />
        <Field label="E-mail" name="email" type="email" autoComplete="username" required autoFocus fault={fault} />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          fault={fault}
        />
        <Button type="submit" tone="primary" className="w-full" disabled={isPending}>
          {isPending ? 'Signing in' : 'Sign in'}
        </Button>
        {methods?.password.reset === true && (
          <p>
            <Link to="/forgot-password" className="text-link underline">
              Forgot the password?
            </Link>
          </p>
        )}
        {to !== undefined && safePath(to) !== '/sessions' && (
          <p className="text-xs text-muted">You will come back to the page that you were on.</p>
        )}
        {open === true && (
          <p>
            Nobody owns this deployment yet.{' '}
            <Link to="/setup" className="text-link underline">
              Set it up
            </Link>
          </p>
        )}
      </form>
    </Gate>
  )
}
