import type { Fault } from '@reeve/base'
import { useState } from 'react'
import { giveReason } from '../api/reading-reason.ts'
import { Button } from '../ui/button.tsx'
import { Field } from './field.tsx'

/** Where this deployment shows words of other people only for a reason: asks for it, and says who will see it. */
export function AskReason({ fault, onGiven }: { fault: Fault; onGiven: () => void }) {
  const [text, setText] = useState('')
  return (
    <form
      className="mx-auto max-w-xl space-y-3 px-4 py-8"
      onSubmit={(event) => {
        event.preventDefault()
        giveReason(text)
        onGiven()
      }}
    >
      <h2 className="text-lg">These are another person’s words</h2>
      <Field
        label="Why do you read them?"
        name="reason"
        required
        maxLength={500}
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint="It is kept with the record of your reading, which that person sees."
        fault={text === '' ? null : fault}
      />
      <Button type="submit" tone="primary">
        Show the words
      </Button>
    </form>
  )
}
