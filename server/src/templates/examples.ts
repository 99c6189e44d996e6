import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@reeve/base'
import type { TemplateExample } from '@reeve/sdk'
import { pack } from 'tar-stream'

/**
 * The starters, as they lie in the folder `templates` at the top: one for each place where a workspace can be, and for each
 * coding agent a small addition that makes a task of any of them.
 */

export interface Example extends TemplateExample {
  readonly files: { path: string; content: string }[]
}

const folder = join(import.meta.dirname, '../../../templates')

const places = {
  local: { name: 'A process on the server’s machine', in: 'in a jail on the machine of the server', tags: ['local'] },
  docker: { name: 'A container', in: 'in a container of Docker or Podman', tags: ['docker', 'podman', 'container'] },
  kubernetes: { name: 'A pod', in: 'in a pod of Kubernetes', tags: ['kubernetes', 'container'] },
} as const
const agents = { claude: 'Claude Code', codex: 'Codex' } as const

type PlaceName = keyof typeof places
type AgentName = keyof typeof agents

interface Made {
  readonly id: string
  readonly place: PlaceName
  readonly agent: AgentName | null
}

// SAFETY: the keys of the two tables above.
const placeNames = Object.keys(places) as PlaceName[]
const agentNames = [null, ...Object.keys(agents)] as (AgentName | null)[]
const all = placeNames.flatMap((place) =>
  agentNames.map((agent): Made => ({ id: agent === null ? place : `${place}-${agent}`, place, agent })),
)

export async function listExamples(): Promise<TemplateExample[]> {
  const found = await Promise.all(all.map(read))
  return found.map(({ id, name, description, icon, tags, markdown }) => {
    return { id, name, description, icon, tags, markdown }
  })
}

export async function findExample(id: string): Promise<Example> {
  const made = all.find((one) => one.id === id)
  if (made !== undefined) return read(made)
  throw new Fault('not_found', 'there is no starter of this name', {
    fix: `there are ${all.map((one) => one.id).join(', ')}`,
  })
}

async function read({ id, place, agent }: Made): Promise<Example> {
  const { name, in: where, tags } = places[place]
  const text = (...path: string[]): Promise<string> => readFile(join(folder, ...path), 'utf8')
  const main = { path: 'main.tf', content: await text(place, 'main.tf') }
  const about = await text(place, 'README.md')
  if (agent === null) {
    const files = [main, { path: 'README.md', content: about }]
    return { id, name, description: `Workspaces ${where}`, icon: '', tags: [...tags], markdown: about, files }
  }
  const task = { path: 'task.tf', content: await text('tasks', agent, 'task.tf') }
  // The push is told with the name of the starter, in whichever of them it stands.
  const named = about.replaceAll(`templates push ${place} `, `templates push ${id} `)
  const markdown = `${named.trimEnd()}\n\n${await text('tasks', agent, 'README.md')}`
  return {
    id,
    name: `${name}, with ${agents[agent]}`,
    description: `Tasks for ${agents[agent]} ${where}`,
    icon: '',
    tags: [...tags, 'task', agent],
    markdown,
    files: [main, task, { path: 'README.md', content: markdown }],
  }
}

/** As an archive that could have been uploaded: the same one each time. */
export async function archiveOf({ files }: Example): Promise<Uint8Array> {
  const archive = pack()
  const collected = Array.fromAsync(archive)
  for (const { path, content } of files) archive.entry({ name: path, mode: 0o644, mtime: new Date(0) }, content)
  archive.finalize()
  return Buffer.concat(await collected)
}
