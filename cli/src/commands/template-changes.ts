import { Fault } from '@reeve/base'
import { type Client, endpoints, type Template, type TemplateVersion } from '@reeve/sdk'
import type { Context } from '../context.ts'

/** What a version that was pushed makes different: for whoever decides whether it is to be the active one. */
export async function tellChanges(
  context: Context,
  client: Client,
  { id }: TemplateVersion,
  existing: Template | null,
): Promise<void> {
  for (const [what, read] of [
    ['resources ', resourcesOf],
    ['parameters', parametersOf],
  ] as const) {
    const before = existing === null ? [] : await read(context, client, existing.active_version_id)
    const after = await read(context, client, id)
    for (const one of after) if (!before.includes(one)) context.note(`${what} + ${one}`)
    for (const one of before) if (!after.includes(one)) context.note(`${what} - ${one}`)
  }
  if (existing !== null) await tellAffected(context, client, existing)
}

async function resourcesOf({ io: { signal } }: Context, client: Client, version: string): Promise<string[]> {
  const found = await client.call(endpoints.listTemplateVersionResources, { params: { version }, signal })
  return [...new Set(found.map(({ address }) => address))]
}

async function parametersOf({ io: { signal } }: Context, client: Client, version: string): Promise<string[]> {
  const found = await client.call(endpoints.listTemplateVersionParameters, { params: { version }, signal })
  return found.map((one) => `${one.name} (${one.type}${one.required ? '' : `, default ${one.default_value}`})`)
}

/** Of the workspaces that one may see; nothing where one may see none. */
async function tellAffected({ io: { signal }, note }: Context, client: Client, { name }: Template): Promise<void> {
  const countOf = async (more: string): Promise<number> => {
    const query = { q: `template:${name}${more}`, limit: 1 }
    try {
      return (await client.call(endpoints.listWorkspaces, { query, signal })).count
    } catch (thrown) {
      // The token of a pipeline may be one for templates alone.
      if (thrown instanceof Fault && thrown.code === 'forbidden') return 0
      throw thrown
    }
  }
  const all = await countOf('')
  if (all === 0) return
  const running = await countOf(' status:running')
  note(`affects    ${all} ${all === 1 ? 'workspace' : 'workspaces'} (${running} running), unchanged until updated`)
}
