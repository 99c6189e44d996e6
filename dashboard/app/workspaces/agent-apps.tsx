import type { WorkspaceAgent } from '@reeve/sdk'
import { CircleAlert, CircleDot, CircleSlash, Clock, ExternalLink } from 'lucide-react'
import { State, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

type App = WorkspaceAgent['apps'][number]

const looks: Readonly<Record<Exclude<App['health'], 'disabled'>, readonly [tone: string, icon: typeof Clock]>> = {
  initializing: ['text-muted', Clock],
  healthy: ['text-ok', CircleDot],
  unhealthy: ['text-bad', CircleSlash],
}

const whyNoUrl: Readonly<Record<NonNullable<App['no_url']>, string>> = {
  external: 'It is opened by a program on your own machine.',
  command: 'It is a command: run it in the terminal.',
  elsewhere: 'Its template names no address in the workspace itself.',
  no_domain: 'This deployment has no domain for apps.',
  no_name: 'Its name and those before it are too long for a host name, or have two hyphens in a row.',
}

/** What the template serves from the workspace: whether it answers, what it last said, and the way to it. */
export function AgentApps({ agent: { apps, name } }: { agent: WorkspaceAgent }) {
  const shown = apps.filter(({ hidden }) => !hidden)
  if (shown.length === 0) return null
  return (
    <ul aria-label={`Apps of ${name}`} className="space-y-1">
      {shown.map((app) => (
        <AgentApp key={app.slug} app={app} />
      ))}
    </ul>
  )
}

function AgentApp({ app }: { app: App }) {
  const title = app.display_name === '' ? app.slug : app.display_name
  const [latest] = app.statuses
  return (
    <li className="flex flex-wrap items-center gap-x-3">
      {app.url === null ? <HostileLine text={title} /> : <OpenOutside href={app.url} text={title} />}
      {app.health !== 'disabled' && <Health health={app.health} />}
      {app.no_url !== null && <span className="text-muted">{whyNoUrl[app.no_url]}</span>}
      {latest !== undefined && (
        <span className="flex min-w-0 basis-full flex-wrap gap-x-2 text-muted">
          {latest.state === 'failure' ? (
            <State tone="text-bad" icon={<CircleAlert size={14} aria-hidden />}>
              failure
            </State>
          ) : (
            <span>{latest.state}</span>
          )}
          <HostileLine text={latest.message} />
          <Time at={latest.created_at} />
        </span>
      )}
    </li>
  )
}

function Health({ health }: { health: Exclude<App['health'], 'disabled'> }) {
  const [tone, Icon] = looks[health]
  return (
    <State tone={tone} icon={<Icon size={14} aria-hidden />}>
      {health}
    </State>
  )
}

/** The address is the server's, on a host that is not the console's; what is there learns nothing of this page. */
export function OpenOutside({ href, text }: { href: string; text: string }) {
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      className="inline-flex min-h-6 min-w-0 items-center gap-1 text-link"
    >
      <span className="min-w-0 truncate">
        <HostileLine text={text} inControl />
      </span>
      <ExternalLink size={14} aria-hidden />
      <span className="sr-only">in a window of its own</span>
    </a>
  )
}
