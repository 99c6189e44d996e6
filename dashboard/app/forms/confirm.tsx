import type { Fault } from '@reeve/base'
import { type ReactNode, useState } from 'react'
import { Field } from './field.tsx'
import { FormDialog } from './form-dialog.tsx'

/** For what cannot be undone: says what will happen and asks for the name of the thing. */
export function ConfirmByName({
  verb,
  name,
  children,
  busy,
  fault,
  onConfirm,
  onClose,
}: {
  verb: string
  name: string
  children: ReactNode
  busy: boolean
  fault: Fault | null
  onConfirm: () => void
  onClose: () => void
}) {
  const [typed, setTyped] = useState('')
  return (
    <FormDialog
      title={`${verb} ${name}`}
      verb={verb}
      tone="danger"
      ready={typed === name}
      busy={busy}
      fault={fault}
      fields={[]}
      onSubmit={onConfirm}
      onClose={onClose}
    >
      <div>{children}</div>
      <Field
        label={`Type ${name} to confirm`}
        name="confirm"
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </FormDialog>
  )
}
