import type { Interception, MinimalUser, Session } from '@reeve/sdk'
import { Ban, Check, CircleAlert, CircleDot, CircleSlash, Clock, Unplug } from 'lucide-react'
import type { ReactNode } from 'react'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { compact, exact } from './format.ts'
import { HostileLine } from './hostile-text.tsx'
import { allReadings, dateTime } from './instant.ts'

/** Small facts that look the same on every page: a state is always an icon and a word. */

const size = 14

export function State({ tone, icon, children }: { tone: string; icon: ReactNode; children: ReactNode }) {
  return (
    <span className={`inline-flex items-center gap-1.5 align-bottom whitespace-nowrap ${tone}`}>
      {icon}
      <span>{children}</span>
    </span>
  )
}

export function SessionStatus({ status }: { status: Session['status'] }) {
  if (status === 'live')
    return (
      <State tone="text-link" icon={<CircleDot size={size} className="pulse" aria-hidden />}>
        live
      </State>
    )
  if (status === 'error')
    return (
      <State tone="text-bad" icon={<CircleAlert size={size} aria-hidden />}>
        error
      </State>
    )
  if (status === 'denied')
    return (
      <State tone="text-warn" icon={<Ban size={size} aria-hidden />}>
        denied
      </State>
    )
  return (
    <State tone="text-ok" icon={<Check size={size} aria-hidden />}>
      done
    </State>
  )
}

const outcomes: Readonly<Record<Interception['outcome'], readonly [string, string, typeof Check]>> = {
  live: ['running', 'text-link', CircleDot],
  ok: ['ok', 'text-ok', Check],
  upstream_error: ['provider error', 'text-bad', CircleAlert],
  upstream_aborted: ['provider broke off', 'text-bad', Unplug],
  client_disconnected: ['client left', 'text-warn', CircleSlash],
  timeout: ['timed out', 'text-bad', Clock],
  refused: ['refused by Reeve', 'text-warn', Ban],
  denied: ['denied by policy', 'text-warn', Ban],
  interrupted: ['interrupted', 'text-warn', Unplug],
}

export const outcomeWord = (outcome: Interception['outcome']): string => outcomes[outcome][0]

export function OutcomeState({ outcome }: { outcome: Interception['outcome'] }) {
  const [word, tone, Icon] = outcomes[outcome]
  return (
    <State tone={tone} icon={<Icon size={size} aria-hidden />}>
      {word}
    </State>
  )
}

/** An instant in the page's zone; every other reading of it on hover. */
export function Time({ at, milliseconds = false }: { at: string; milliseconds?: boolean }) {
  const zone = useZone()
  const now = useNow()
  const instant = new Date(at)
  return (
    <time dateTime={at} title={allReadings(instant, now)} className="num whitespace-nowrap">
      {dateTime(instant, zone, now, milliseconds)}
    </time>
  )
}

export function Person({ user }: { user: MinimalUser }) {
  return (
    <span
      className="block min-w-0 truncate"
      title={user.name === '' ? user.username : `${user.name} (${user.username})`}
    >
      <HostileLine text={user.username} />
    </span>
  )
}

export function Count({ value, short = false }: { value: number; short?: boolean }) {
  return (
    <span className="num" title={exact(value)}>
      {short ? compact(value) : exact(value)}
    </span>
  )
}

/** A term and its value, as in the head of a page. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="flex min-h-6 min-w-0 items-center">{children}</dd>
    </div>
  )
}
