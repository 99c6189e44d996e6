import type { Template } from '@reeve/sdk'
import { Fact } from '../ui/facts.tsx'
import { duration } from '../ui/format.ts'

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

function daysText(chosen: readonly string[]): string {
  if (chosen.length === days.length) return 'every day'
  if (chosen.length === 0) return 'no day'
  return days
    .filter((day) => chosen.includes(day))
    .map((day) => `${day.slice(0, 1).toUpperCase()}${day.slice(1, 3)}`)
    .join(', ')
}

const after = (ms: number, what: string): string => (ms === 0 ? 'never' : `after ${duration(ms)} ${what}`)

/** How far ports may be shared, as what follows `shared`. */
export const shareWords: Readonly<Record<Template['max_port_share_level'], string>> = {
  owner: 'with nobody',
  organization: 'with the organization at most',
  authenticated: 'with whoever is signed in at most',
  public: 'as their owners like',
}

/** When workspaces of a template start, stop and go by themselves, and whom their owners may let in. */
export function TemplateTimes({ template }: { template: Template }) {
  const { autostop_requirement: stops, autostart_requirement: starts } = template
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-2" aria-label="What holds for its workspaces">
      <Fact name="Stop">{after(template.default_ttl_ms, 'without use')}</Fact>
      {template.default_ttl_ms > 0 && <Fact name="Use moves that by">{duration(template.activity_bump_ms)}</Fact>}
      <Fact name="Failed ones stop">{after(template.failure_ttl_ms, 'as they are')}</Fact>
      <Fact name="Dormant">{after(template.dormant_ttl_ms, 'unused')}</Fact>
      <Fact name="Deleted">{after(template.delete_ttl_ms, 'dormant')}</Fact>
      <Fact name="May start by themselves">
        {template.allow_user_autostart ? daysText(starts.days_of_week) : 'never'}
      </Fact>
      {stops.days_of_week.length > 0 && (
        <Fact name="Stopped in the quiet hour">
          {daysText(stops.days_of_week)}
          {stops.weeks > 1 && `, in every ${stops.weeks} weeks`}
        </Fact>
      )}
      <Fact name="Their ports are shared">{shareWords[template.max_port_share_level]}</Fact>
      {!template.allow_user_autostop && <Fact name="Their owners">may not change when they stop</Fact>}
    </dl>
  )
}
