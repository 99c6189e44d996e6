import type { Fault } from '@reeve/base'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Field, textOf } from './field.tsx'
import { suggestPassphrase } from './passphrase.ts'

export const accountFields = ['username', 'name', 'email', 'password'] as const

/** What an account is made of. `own`: it is the account of whoever fills this in, and their browser may help. */
export function AccountFields({ own, fault }: { own: boolean; fault: Fault | null }) {
  const help = (kind: string) => (own ? kind : 'off')
  return (
    <>
      <Field
        label="Username"
        name="username"
        autoComplete={help('username')}
        autoFocus
        spellCheck={false}
        autoCapitalize="none"
        hint="Letters, digits and single hyphens"
        fault={fault}
      />
      <Field label="Name" name="name" autoComplete={help('name')} hint="Optional" fault={fault} />
      <Field
        label="E-mail"
        name="email"
        type="email"
        autoComplete={help('email')}
        hint={own ? 'You sign in with it' : 'They sign in with it'}
        fault={fault}
      />
      <NewPassword fault={fault} />
    </>
  )
}

/** What was typed into them, as the API takes it. */
export function accountOf(form: FormData) {
  const name = textOf(form, 'name').trim()
  return {
    username: textOf(form, 'username').trim(),
    email: textOf(form, 'email').trim(),
    password: textOf(form, 'password'),
    ...(name === '' ? {} : { name }),
  }
}

/** A password to choose: shown on demand, pasted freely, or suggested. */
export function NewPassword({ fault }: { fault: Fault | null }) {
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
