import type { Fault } from '@reeve/base'
import type { TemplateVersionParameter } from '@reeve/sdk'
import { type ReactNode, useId, useState } from 'react'
import { HostileLine } from '../ui/hostile-text.tsx'

/** Any number of the options, which the template gets as a list. */
export function SeveralField({
  label,
  name,
  hint,
  fault,
  options,
  value,
}: {
  label: string
  name: string
  hint: ReactNode
  fault: Fault | null
  options: TemplateVersionParameter['options']
  /** A list as JSON. */
  value: string
}) {
  const id = useId()
  const [chosen, setChosen] = useState(() => listOf(value))
  const problems = fault?.problems.filter(({ field }) => field === name) ?? []
  const toggle = (one: string) =>
    setChosen((before) =>
      options.map((option) => option.value).filter((each) => (each === one) !== before.includes(each)),
    )
  return (
    <fieldset aria-describedby={id}>
      <legend className="mb-1 font-medium">{label}</legend>
      <input type="hidden" name={name} value={JSON.stringify(chosen)} />
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {options.map((option) => (
          <label key={option.value} className="flex items-center gap-1.5">
            <input type="checkbox" checked={chosen.includes(option.value)} onChange={() => toggle(option.value)} />
            <HostileLine text={option.name} />
          </label>
        ))}
      </div>
      <div id={id} className="mt-1 text-xs">
        {problems.map(({ detail }) => (
          <p key={detail} className="text-bad first-letter:uppercase">
            {detail}
          </p>
        ))}
        {hint !== undefined && <p className="text-muted">{hint}</p>}
      </div>
    </fieldset>
  )
}

function listOf(json: string): string[] {
  try {
    const parsed: unknown = JSON.parse(json)
    return Array.isArray(parsed) ? parsed.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}
