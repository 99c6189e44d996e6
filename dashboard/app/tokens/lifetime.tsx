import type { Fault } from '@reeve/base'
import { useState } from 'react'
import { Choice, Field, textOf } from '../forms/field.tsx'

const hour = 3600
const day = 24 * hour
const offers = [
  [hour, '1 hour'],
  [8 * hour, '8 hours'],
  [day, '1 day'],
  [7 * day, '7 days'],
  [30 * day, '30 days'],
  [90 * day, '90 days'],
  [365 * day, '1 year'],
] as const

/** How long a token will live, up to what this deployment allows: one of a few spans, or another in days. */
export function Lifetime({ maxSeconds, fault }: { maxSeconds: number; fault: Fault | null }) {
  const offered = offers.filter(([seconds]) => seconds <= maxSeconds)
  const usual = offered.findLast(([seconds]) => seconds <= 30 * day)?.[0]
  const [chosen, setChosen] = useState<string | null>(null)
  const value = chosen ?? String(usual ?? 'other')
  return (
    <div className="space-y-3">
      <Choice
        label="Lifetime"
        name={value === 'other' ? 'lifetime' : 'lifetime_seconds'}
        value={value}
        onChange={(event) => setChosen(event.target.value)}
        hint={`At most ${spanOf(maxSeconds)} here`}
        fault={value === 'other' ? null : fault}
      >
        {offered.map(([seconds, words]) => (
          <option key={seconds} value={seconds}>
            {words}
          </option>
        ))}
        <option value="other">another time</option>
      </Choice>
      {value === 'other' && (
        <Field
          label="Days"
          name="lifetime_seconds"
          type="number"
          inputMode="decimal"
          min={0}
          step="any"
          defaultValue={Math.min(14, Math.floor((maxSeconds / day) * 100) / 100)}
          fault={fault}
        />
      )}
    </div>
  )
}

/** In seconds, as the API takes it. */
export function lifetimeOf(form: FormData): number {
  const given = Number(textOf(form, 'lifetime_seconds'))
  return Math.round(textOf(form, 'lifetime') === 'other' ? given * day : given)
}

function spanOf(seconds: number): string {
  const [count, unit] = seconds >= 2 * day ? [seconds / day, 'days'] : [seconds / hour, 'hours']
  return `${Math.floor(count)} ${unit}`
}
