import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, FormFault, textOf } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { Gate } from './gate.tsx'

/** Asks for the mail with the link. What is said afterwards is the same for every address. */
export function ForgotPasswordPage() {
  useEffect(() => {
    document.title = 'Forgot the password · Reeve'
  }, [])
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.requestPasswordReset, { body: { email: textOf(form, 'email').trim() } }),
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <Gate title={isSuccess ? 'Look into your mail' : 'Forgot the password'}>
      {isSuccess ? (
        <div role="status" className="space-y-4">
          <p>
            If somebody signs in here with this address and a password, a mail with a link is on its way. The link works
            once, for 20 minutes.
          </p>
          <p className="text-muted">Nothing came? Look among unwanted mail, or ask who looks after this deployment.</p>
        </div>
      ) : (
        <form
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault()
            mutate(new FormData(event.currentTarget))
          }}
        >
          <FormFault fault={fault} fields={['email']} />
          <Field label="E-mail" name="email" type="email" autoComplete="username" required autoFocus fault={fault} />
          <Button type="submit" tone="primary" className="w-full" disabled={isPending}>
            {isPending ? 'Asking for a mail' : 'Send me a link'}
          </Button>
        </form>
      )}
      <p className="mt-4">
        <Link to="/login" className="text-link underline">
          Back to signing in
        </Link>
      </p>
    </Gate>
  )
}
