import { Fault } from '@reeve/base'
import { type Client, endpoints, type Template, type TemplateVersion } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, type Screen, table } from '../output/answer.ts'
import { visibleLine, visibleText } from '../output/visible.ts'
import { type ArchivedFile, readArchive } from './template-archive.ts'
import { type Difference, differencesOf } from './template-differences.ts'
import { readSource } from './template-source.ts'
import { archiveOf, findTemplate, findVersion } from './templates.ts'

interface Input {
  readonly template: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly organization: string | undefined
  readonly dir: string | undefined
  readonly exitCode: boolean
}

/** One side of it. */
interface Side {
  readonly name: string
  readonly files: Map<string, ArchivedFile>
}

const columns: readonly Column<Difference>[] = [
  { name: 'path', value: (row) => row.path, priority: 0, elastic: true },
  { name: 'change', value: (row) => row.change, priority: 0 },
  { name: 'added', value: (row) => row.added, priority: 1 },
  { name: 'removed', value: (row) => row.removed, priority: 1 },
  { name: 'binary', value: (row) => row.binary, priority: 2 },
]

export async function diffTemplate(context: Context, input: Input): Promise<Answer> {
  const { dir } = input
  if (dir !== undefined && input.to !== undefined) {
    throw new Fault('invalid', `${input.to} and a folder are given: one version is compared with one of the two`)
  }
  const folder = dir === undefined ? null : { name: dir, files: await filesIn(context, dir) }
  const client = await context.client()
  const template = await findTemplate(context, client, input.template, input.organization)
  const from = await versionSide(context, client, template, input.from ?? template.active_version_name)
  const to =
    folder ?? (await versionSide(context, client, template, input.to ?? (await newest(context, client, template))))
  const files = await differencesOf(from.files, to.files)
  const differ = files.length > 0
  if (!differ) context.note(`${from.name} and ${to.name} are the same`)
  return {
    ...table(files, columns, ({ path }) => path, ''),
    document: () => ({ from: from.name, to: to.name, differ, files }),
    page: patches,
    exitCode: differ && input.exitCode ? 1 : 0,
  }
}

/** Packed as a push packs it: what would not be sent is not compared. */
async function filesIn(context: Context, folder: string): Promise<Side['files']> {
  return readArchive((await readSource(context.io, folder)).bytes)
}

async function versionSide(context: Context, client: Client, template: Template, name: string): Promise<Side> {
  const version = await findVersion(context, client, template, name)
  return { name: version.name, files: await filesOf(context, client, version) }
}

async function filesOf(context: Context, client: Client, version: TemplateVersion): Promise<Side['files']> {
  const body = await archiveOf(context, client, version)
  return readArchive(new Uint8Array(await new Response(body).arrayBuffer()))
}

async function newest({ io: { signal } }: Context, client: Client, template: Template): Promise<string> {
  const query = { limit: 1 }
  const [first] = await client.call(endpoints.listTemplateVersions, {
    params: { template: template.id },
    query,
    signal,
  })
  return first?.name ?? template.active_version_name
}

/**
 * For whoever applies it, tabs and returns are as they are off a terminal. What could drive one is made visible in any
 * case: `-o json` has the very text.
 */
async function* patches(rows: AsyncIterable<Difference>, { style, width }: Screen): AsyncGenerator<string> {
  for await (const { patch } of rows) {
    let isHead = true
    for (const line of patch.replace(/\n$/, '').split('\n')) {
      isHead &&= !line.startsWith('@@')
      const text = width === null ? line.replace(/[^\t\r]+/g, visibleLine) : visibleText(line)
      yield `${colourOf(line, isHead, style)(text)}\n`
    }
  }
}

function colourOf(line: string, isHead: boolean, style: Screen['style']): (text: string) => string {
  if (isHead) return style.bold
  if (line.startsWith('@@')) return style.cyan
  if (line.startsWith('+')) return style.green
  return line.startsWith('-') ? style.red : (text) => text
}
