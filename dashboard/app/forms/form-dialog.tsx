import type { Fault } from '@reeve/base'
import type { ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FormFault } from './field.tsx'

/** A form in a dialog: its fields, what was refused, and the two ways out of it. */
export function FormDialog({
  title,
  verb,
  tone = 'primary',
  ready = true,
  wide = false,
  busy,
  fault,
  fields,
  children,
  onSubmit,
  onClose,
}: {
  title: string
  /** What its button says. */
  verb: string
  tone?: 'primary' | 'danger'
  /** Whether it can be sent as it is filled in. */
  ready?: boolean
  wide?: boolean
  busy: boolean
  fault: Fault | null
  /** Those that say themselves what was refused about them. */
  fields: readonly string[]
  children: ReactNode
  onSubmit: (form: FormData) => void
  onClose: () => void
}) {
  return (
    <Dialog title={title} wide={wide} onClose={onClose}>
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) onSubmit(new FormData(event.currentTarget))
        }}
      >
        <FormFault fault={fault} fields={fields} />
        {children}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone={tone} disabled={busy || !ready}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
