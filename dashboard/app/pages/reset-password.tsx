import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { NewPassword } from '../forms/account-fields.tsx'
import { Field, FormFault, textOf } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { Gate } from './gate.tsx'

/** Behind the link of the mail. Address and code stand after the #, which no browser sends to a server. */
export function ResetPasswordPage() {
  const [given] = useState(() => new URLSearchParams(location.hash.slice(1)))
  useEffect(() => {
    document.title = 'New password · Reeve'
    // The code must not stay in the history.
    history.replaceState(history.state, '', location.pathname)
  }, [])
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.resetPassword, {
        body: {
          email: textOf(form, 'email').trim(),
          one_time_passcode: textOf(form, 'one_time_passcode').trim(),
          password: textOf(form, 'password'),
        },
      }),
  })
  const fault = error === null ? null : faultOf(error)
  if (isSuccess) {
    return (
      <Gate title="The password is changed">
        <p role="status" className="mb-4">
          Every session was ended. Sign in with the new password.
        </p>
        <Link to="/login" className="text-link underline">
          Sign in
        </Link>
      </Gate>
    )
  }
  return (
    <Gate title="Choose a new password">
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          mutate(new FormData(event.currentTarget))
        }}
      >
        <FormFault fault={fault} fields={['email', 'one_time_passcode', 'password']} />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          defaultValue={given.get('email') ?? ''}
          fault={fault}
        />
        <Field
          label="Code"
          name="one_time_passcode"
          autoComplete="one-time-code"
          spellCheck={false}
          defaultValue={given.get('code') ?? ''}
          hint="From the mail"
          fault={fault}
        />
        <NewPassword fault={fault} />
        <Button type="submit" tone="primary" className="w-full" disabled={isPending}>
          {isPending ? 'Changing the password' : 'Change the password'}
        </Button>
      </form>
      <p className="mt-4">
        <Link to="/forgot-password" className="text-link underline">
          Ask for another mail
        </Link>
      </p>
    </Gate>
  )
}
