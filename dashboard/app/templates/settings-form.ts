import { Fault, type Problem } from '@reeve/base'
import { DayOfWeek, type Template } from '@reeve/sdk'
import { textOf } from '../forms/field.tsx'

/** What can be set of a template, between the words of a form and those of the API. */

const hourMs = 3_600_000

/** Lengths of time as people give them: in hours where it is about a day of work, else in days. */
export const lengths = [
  { name: 'default_ttl_ms', label: 'Stop after hours without use', unitMs: hourMs, hint: '0: they go on' },
  { name: 'activity_bump_ms', label: 'Hours by which use moves that', unitMs: hourMs, hint: '' },
  { name: 'failure_ttl_ms', label: 'Stop failed ones after hours', unitMs: hourMs, hint: '0: they stay as they are' },
  { name: 'dormant_ttl_ms', label: 'Dormant after days without use', unitMs: 24 * hourMs, hint: '0: never' },
  { name: 'delete_ttl_ms', label: 'Delete after days dormant', unitMs: 24 * hourMs, hint: '0: never' },
] as const

export const switches = [
  { name: 'allow_user_autostart', label: 'Their owners may have them start by themselves' },
  { name: 'allow_user_autostop', label: 'Their owners may change when they stop' },
  { name: 'allow_user_cancel_workspace_jobs', label: 'Their owners may cancel builds' },
  { name: 'require_active_version', label: 'A start always takes the active version' },
] as const

export const texts = ['display_name', 'description', 'icon', 'deprecation_message'] as const

type Settings = Pick<
  Template,
  | (typeof texts)[number]
  | (typeof lengths)[number]['name']
  | (typeof switches)[number]['name']
  | 'autostart_requirement'
  | 'autostop_requirement'
  | 'max_port_share_level'
>

/** What the form says that differs from the template. A length that is no number is refused beside its field. */
export function settingsOf(form: FormData, template: Settings): Partial<Settings> {
  const problems: Problem[] = []
  const daysOf = (name: string) => DayOfWeek.options.filter((day) => form.getAll(name).includes(day))
  const length = ({ name, unitMs }: (typeof lengths)[number]) => {
    const given = Number(textOf(form, name).trim().replace(',', '.'))
    if (Number.isFinite(given) && given >= 0) return [name, Math.round(given * unitMs)]
    problems.push({ field: name, detail: 'is a number, 0 or more' })
    return [name, 0]
  }
  const wanted: Record<string, unknown> = {
    ...Object.fromEntries(texts.map((name) => [name, textOf(form, name).trim()])),
    ...Object.fromEntries(lengths.map(length)),
    ...Object.fromEntries(switches.map(({ name }) => [name, form.get(name) === 'on'])),
    autostart_requirement: { days_of_week: daysOf('autostart_days') },
    max_port_share_level: textOf(form, 'max_port_share_level'),
    autostop_requirement: { days_of_week: daysOf('autostop_days'), weeks: Number(textOf(form, 'weeks')) },
  }
  if (problems.length > 0) throw new Fault('invalid', 'some of it cannot be saved', { problems })
  const before: Readonly<Record<string, unknown>> = template
  const changed = Object.entries(wanted).filter(([name, value]) => !isSame(value, before[name]))
  return Object.fromEntries(changed)
}

/** Days of the week in the order of the week, whatever order they were kept in. */
function isSame(one: unknown, other: unknown): boolean {
  const ordered = (value: unknown) =>
    JSON.stringify(value, (_, part: unknown) =>
      Array.isArray(part) ? DayOfWeek.options.filter((day) => part.includes(day)) : part,
    )
  return ordered(one) === ordered(other)
}
