import type { AuditEvent } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { CopyIcon } from '../ui/copy.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { shortId } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { PlaceInChain, type Proved, Result } from './columns.tsx'
import { said, sourceWord } from './words.ts'

const grid = 'grid grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] gap-x-4 gap-y-3'

/** Who, what, when, by which way. */
export function EventFacts({ event }: { event: AuditEvent }) {
  const { actor } = event
  const path = pageOf(event)
  return (
    <dl className={grid}>
      <Fact name="Time">
        <Time at={event.time} milliseconds />
      </Fact>
      <Fact name="Actor">
        {actor === null ? (
          'nobody was signed in'
        ) : (
          <PageLink to={`/people/${actor.id}`}>
            <HostileLine text={actor.username} />
          </PageLink>
        )}
      </Fact>
      <Fact name="Result">
        <Result outcome={event.outcome} />
      </Fact>
      <Fact name="Object">
        {path === null ? (
          <HostileLine text={`${said(event.resource_type)} ${event.resource_target}`} />
        ) : (
          <PageLink to={path}>
            <HostileLine text={`${said(event.resource_type)} ${event.resource_target}`} />
          </PageLink>
        )}
      </Fact>
      <Fact name="Source">{sourceWord(event.source)}</Fact>
      <Fact name="Address">
        <HostileLine text={event.ip ?? '–'} />
      </Fact>
    </dl>
  )
}

/** What somebody quotes who looks further elsewhere. */
export function EventIds({ event, proved }: { event: AuditEvent; proved: Proved | null }) {
  const { resource_id } = event
  return (
    <div className="space-y-3">
      <dl className={grid}>
        <Id name="Id of the object" id={resource_id === '' ? null : resource_id} />
        <Id name="Credential" id={event.api_key_id} />
        <Id name="Request" id={event.request_id} />
        <Id name="Organization" id={event.organization_id} />
        <Fact name="Place in the chain">
          <PlaceInChain seq={event.seq} proved={proved} />
        </Fact>
        <Id name="Hash" id={event.hash} />
        <Id name="Event" id={event.id} />
      </dl>
      {event.user_agent !== null && (
        <dl>
          <Fact name="Client, as it calls itself">
            <HostileLine text={event.user_agent} />
          </Fact>
        </dl>
      )}
    </div>
  )
}

function Id({ name, id }: { name: string; id: string | null }) {
  return (
    <Fact name={name}>
      {id === null ? (
        '–'
      ) : (
        <>
          <span className="mono truncate" title={id}>
            <HostileLine text={shortId(id)} />
          </span>
          <CopyIcon label={`Copy: ${name}`} text={id} />
        </>
      )}
    </Fact>
  )
}

function PageLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="min-w-0 truncate text-link underline">
      {children}
    </Link>
  )
}

/** Where the thing is looked at; null for what has no page of its own, or is gone with the event. */
function pageOf({ action, resource_type, resource_id, organization_id }: AuditEvent): string | null {
  const id = encodeURIComponent(resource_id)
  if (action === 'delete' || resource_id === '') return null
  if (resource_type === 'user' || resource_type === 'organization_member') return `/people/${id}`
  if (resource_type === 'session') return `/sessions/${id}`
  if (resource_type === 'group') return `/groups/${id}`
  if (resource_type === 'organization') return `/organizations/${id}`
  if (resource_type === 'role') return '/roles'
  if (resource_type === 'idp_sync_settings') return '/sign-in'
  if (resource_type === 'audit_sink') return '/audit/sinks'
  if (resource_type === 'ai_provider') return '/providers'
  if (resource_type === 'ai_rules') return resource_id === organization_id ? `/organizations/${id}` : `/groups/${id}`
  if (resource_type === 'legal_hold') return '/holds'
  if (resource_type === 'retention_policy') return '/retention'
  return resource_type === 'keyring_key' ? '/encryption' : null
}
