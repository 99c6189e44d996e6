import type { Fault } from '@reeve/base'
import { type ReactNode, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field, FormFault } from './field.tsx'

/** For what cannot be undone: says what will happen and asks for the name of the thing. */
export function ConfirmByName({
  title,
  verb,
  name,
  children,
  busy,
  fault,
  onConfirm,
  onClose,
}: {
  title: string
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
    <Dialog title={title} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (typed === name) onConfirm()
        }}
      >
        <div>{children}</div>
        <Field
          label={`Type ${name} to confirm`}
          name="confirm"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <FormFault fault={fault} fields={[]} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="danger" disabled={typed !== name || busy}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
