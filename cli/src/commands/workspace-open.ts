import { Fault } from '@reeve/base'
import { endpoints, type Workspace, type WorkspaceAgent } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, oneText } from '../output/answer.ts'
import { findWorkspace } from './workspaces.ts'

interface Open {
  readonly workspace: string
  readonly app: string | undefined
  readonly terminal: boolean
  readonly print: boolean
}

/** Its page, one of its apps, or a shell in it right here. */
export async function openWorkspace(context: Context, { workspace, app, terminal, print }: Open): Promise<Answer> {
  if (terminal && (app !== undefined || print)) throw new Fault('invalid', '--terminal opens no address')
  if (terminal) return shellIn(context, workspace)
  const found = await findWorkspace(context, await context.client(), workspace)
  const url = app === undefined ? await addressOf(context, found) : await appAddress(context, found, app)
  return shown(context, url, print)
}

/** A shell of the workspace, in this terminal. */
export async function shellIn(context: Context, workspace: string): Promise<Answer> {
  const { ssh } = await import('./ssh.ts')
  return ssh(context, { workspace, command: [], tty: false, wait: undefined })
}

/** In the browser, or only said. */
export function shown({ io }: Context, url: string, print: boolean): Answer {
  if (!print) io.openBrowser(url)
  const columns: readonly Column<{ url: string }>[] = [{ name: 'url', value: (row) => row.url, priority: 0 }]
  return oneText({ url }, url, columns, (row) => row.url)
}

const addressOf = async (context: Context, { id }: Workspace): Promise<string> =>
  new URL(`/workspaces/${id}`, await context.url()).href

async function appAddress(context: Context, { id, name }: Workspace, slug: string): Promise<string> {
  const { signal } = context.io
  const client = await context.client()
  const agents = await client.call(endpoints.listWorkspaceAgents, { params: { workspace: id }, signal })
  const apps = agents.flatMap((agent) => agent.apps)
  const app = apps.find((one) => one.slug === slug)
  if (app === undefined) {
    const fix = apps.length === 0 ? {} : { fix: `choose from ${apps.map((one) => one.slug).join(', ')}` }
    throw new Fault('not_found', `${name} has no app ${slug}`, fix)
  }
  if (app.url === null) throw new Fault('conflict', `the app ${slug} has no address: ${whyNone(app.no_url)}`)
  return new URL(app.url, await context.url()).href
}

const whyNone = (no: WorkspaceAgent['apps'][number]['no_url']): string =>
  (no ?? 'it is not served').replaceAll('_', ' ')
