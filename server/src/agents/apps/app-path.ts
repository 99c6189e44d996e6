import type { AppName } from './app-hosts.ts'

/**
 * Addresses as templates and programs made for Coder write them for apps without a host name of their own:
 *
 *     /@<owner>/<workspace>.<agent>/apps/<slug>/…
 *
 * Such an app has a host of its own here like any other, and its pages are below that path there: it takes the path for
 * granted, be it in links that it writes or in its own configuration.
 */
export interface AppPath {
  /** `me`: whoever asks. */
  readonly owner: string
  readonly workspace: string
  /** Null: the only one that there is. */
  readonly agent: string | null
  readonly app: string
  /** From the slash after the slug on; empty where there is none. */
  readonly rest: string
}

const label = '[A-Za-z0-9][A-Za-z0-9_-]*'
const pattern = new RegExp(`^/@(${label})/(${label})(?:\\.(${label}))?/apps/(${label})(/.*)?$`)

/** Null for a path that is none of these. Names are plain: what would have to be decoded first is none. */
export function readAppPath(path: string): AppPath | null {
  const [, owner, workspace, agent = null, app, rest = ''] = pattern.exec(path) ?? []
  return owner === undefined || workspace === undefined || app === undefined
    ? null
    : { owner, workspace, agent, app, rest }
}

export const isAppPath = (path: string): boolean => path.startsWith('/@')

export const prefixOf = ({ owner, workspace, agent, app }: AppName): string =>
  `/@${owner}/${workspace}.${agent}/apps/${app}`

/** An app that is reached below its prefix, and where the paths of its own begin: without a slash at the end. */
export interface Mount {
  readonly name: AppName
  /** Modules of templates write it where the agent's name is expected. */
  readonly agentId: string
  readonly base: string
}

/**
 * The path and query to ask the app for. The host is the app's alone: what is not below the prefix is as the app itself
 * wrote it, a redirect to `/login` for one, and goes to the app as it is.
 */
export function pathInApp({ name, agentId, base }: Mount, target: string): string {
  const [path = '/', ...query] = target.split('?')
  const read = readAppPath(path)
  if (read === null || read.agent === null) return target
  const asked = prefixOf({ ...read, agent: read.agent }).toLowerCase()
  const own = [name.agent, agentId].map((agent) => prefixOf({ ...name, agent }).toLowerCase())
  if (!own.includes(asked)) return target
  return [base + read.rest || '/', ...query].join('?')
}

/** Where a browser is sent that has the host of an app alone, or its prefix alone; null for one that has gone on. */
export function beginningOf(
  found: { readonly start: string; readonly mount: Mount | null },
  target: string,
): string | null {
  const { start, mount } = found
  if (target === start) return null
  if (target === '/') return start
  if (mount === null) return null
  const prefix = prefixOf(mount.name).toLowerCase()
  return [prefix, `${prefix}/`].includes(target.toLowerCase()) ? start : null
}
