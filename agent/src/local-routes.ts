import { Fault } from '@reeve/base'
import type { AgentManifest } from '@reeve/sdk'
import type { AskControlPlane } from './control-plane.ts'
import type { LocalRoute } from './local-socket.ts'
import type { AppReport } from './task-state.ts'
import { tailOf } from './task-snapshot.ts'
import { unitRoutes } from './unit-routes.ts'

interface Answering {
  readonly manifest: AgentManifest
  readonly ask: AskControlPlane
  readonly boundary: LocalRoute
  /** For the app of the workspace's task, whose own reports are weighed against what is seen of it. */
  readonly report: (report: AppReport) => Promise<void>
}

/** What the agent does for processes of its workspace. */
export const localRoutes = ({ manifest, ask, boundary, report }: Answering): Readonly<Record<string, LocalRoute>> => ({
  'GET /external-auth': async (query, _, signal) => {
    const asked = ['id', 'match', 'listen'].flatMap((name) => {
      const value = query.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    return objectOf(await ask('GET', 'external-auth', { query: Object.fromEntries(asked), signal }))
  },
  'GET /ssh-key': async (_, __, signal) => objectOf(await ask('GET', 'gitsshkey', { signal })),
  'GET /boundary': boundary,
  ...unitRoutes(),
  'POST /app-status': async (_, body) => {
    const { state, message, uri, app_slug: named } = objectOf(body)
    const slug = text(named) || manifest.task?.app_slug || ''
    if (slug === '') throw new Fault('invalid', 'say which app does this: this workspace is for no task')
    if (!isState(state)) throw new Fault('invalid', 'a state is working, idle, complete or failure')
    const said = { state, message: text(message).slice(0, 160), uri: text(uri).slice(0, 2_048) }
    if (slug === manifest.task?.app_slug) await report(said)
    else await ask('PATCH', 'app-status', { body: { app_slug: slug, ...said } })
    return null
  },
  'POST /log-snapshot': async (_, body) => {
    const { messages } = objectOf(body)
    if (manifest.task === null) throw new Fault('conflict', 'this workspace is for no task')
    if (!Array.isArray(messages)) throw new Fault('invalid', 'messages are a list')
    await ask('POST', `tasks/${manifest.task.id}/log-snapshot`, { body: { messages: tailOf(messages) } })
    return null
  },
})

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Fault('invalid', 'this is no object')
  // SAFETY: an object, each member of which is looked at before it is used.
  return value as Record<string, unknown>
}

const text = (value: unknown): string => (typeof value === 'string' ? value.toWellFormed() : '')

const states = ['working', 'idle', 'complete', 'failure'] as const
const isState = (value: unknown): value is AppReport['state'] => states.some((state) => state === value)
