import type { Fault, Problem } from '@reeve/base'
import { type ComponentProps, type ReactNode, useId } from 'react'

const control =
  'w-full rounded-md border border-control bg-page px-2.5 text-base text-text placeholder:text-muted aria-invalid:border-bad'

interface Labelled {
  readonly label: string
  readonly name: string
  readonly hint?: ReactNode
  readonly fault?: Fault | null | undefined
}

type Wiring = Pick<ComponentProps<'input'>, 'id' | 'name' | 'aria-invalid' | 'aria-describedby'>

/** One labelled input with what was refused about it beside it: every problem, by name. */
export function Field({
  label,
  name,
  hint,
  fault,
  trailing,
  ...rest
}: Labelled & { trailing?: ReactNode } & ComponentProps<'input'>) {
  return (
    <Label label={label} name={name} hint={hint} fault={fault}>
      {(wiring) => (
        <div className="flex gap-2">
          <input {...wiring} className={`${control} h-9 min-w-0 flex-1`} {...rest} />
          {trailing}
        </div>
      )}
    </Label>
  )
}

export function Choice({ label, name, hint, fault, ...rest }: Labelled & ComponentProps<'select'>) {
  return (
    <Label label={label} name={name} hint={hint} fault={fault}>
      {(wiring) => <select {...wiring} className={`${control} h-9`} {...rest} />}
    </Label>
  )
}

/** For text of several lines, such as a certificate. */
export function LongField({ label, name, hint, fault, ...rest }: Labelled & ComponentProps<'textarea'>) {
  return (
    <Label label={label} name={name} hint={hint} fault={fault}>
      {(wiring) => <textarea {...wiring} className={`${control} py-1.5`} {...rest} />}
    </Label>
  )
}

/** A control under its label, and below it what is wrong with it and what helps; all three know each other. */
function Label({ label, name, hint, fault, children }: Labelled & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId()
  const problems = fault?.problems.filter(({ field }) => field === name) ?? []
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      {children({ id, name, 'aria-invalid': problems.length > 0 || undefined, 'aria-describedby': `${id}-help` })}
      <Help id={`${id}-help`} hint={hint} problems={problems} />
    </div>
  )
}

function Help({ id, hint, problems }: { id: string; hint: ReactNode; problems: readonly Problem[] }) {
  return (
    <div id={id} className="mt-1 text-xs">
      {problems.map(({ detail }) => (
        <p key={detail} className="text-bad first-letter:uppercase">
          {detail}
        </p>
      ))}
      {hint !== undefined && <p className="text-muted">{hint}</p>}
    </div>
  )
}

/** What a form was refused for beyond its fields. */
export function FormFault({ fault, fields }: { fault: Fault | null; fields: readonly string[] }) {
  if (fault === null) return null
  const others = fault.problems.filter(({ field }) => !fields.includes(field))
  return (
    <div role="alert" className="rounded-md border border-bad bg-bad-tint px-3 py-2 text-bad">
      <p className="font-medium first-letter:uppercase">{fault.message}</p>
      {fault.fix !== undefined && <p className="first-letter:uppercase">{fault.fix}</p>}
      {others.map(({ field, detail }) => (
        <p key={field + detail}>
          {field}: {detail}
        </p>
      ))}
    </div>
  )
}

/** The text of a form's field; empty where there is none. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
