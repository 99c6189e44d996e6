import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Fault } from '@reeve/base'
import { endpoints, type TemplateExample } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'

const columns: readonly Column<TemplateExample>[] = [
  { name: 'id', value: (row) => row.id, priority: 0 },
  { name: 'name', value: (row) => row.name, priority: 1 },
  { name: 'description', value: (row) => row.description, priority: 0, elastic: true },
  { name: 'tags', value: (row) => row.tags.join(','), priority: 2 },
]
const idOf = ({ id }: TemplateExample): string => id

interface Init {
  readonly starter: string | undefined
  readonly folder: string | undefined
  readonly list: boolean
}

/** Writes a starter of the server's into a folder of its own, from where it is changed and pushed. */
export async function initTemplate(context: Context, { starter, folder, list }: Init): Promise<Answer> {
  const client = await context.client()
  const { signal, cwd } = context.io
  if (list || starter === undefined) {
    return table(await client.call(endpoints.listTemplateExamples, { signal }), columns, idOf, 'no starters')
  }
  const example = await client.call(endpoints.getTemplateExample, { params: { example: starter }, signal })
  const root = resolve(cwd, folder ?? example.id)
  const paths = example.files.map(({ path }) => path)
  const strange = paths.find((path) => !/^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/.test(path))
  if (strange !== undefined)
    throw new Fault('invalid', `the server sends a file whose name leads elsewhere: ${strange}`)
  await demandEmpty(root)
  for (const { path, content } of example.files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content, { flag: 'wx' })
  }
  const place = folder ?? example.id
  context.note(`${paths.join(', ')} ${paths.length === 1 ? 'is' : 'are'} in ${place}`)
  const name = basename(root)
  context.note(`next: reeve templates push ${place}, then reeve workspaces create NAME ${name}`)
  return one(example, columns, idOf)
}

async function demandEmpty(root: string): Promise<void> {
  const found = await readdir(root).catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return []
    throw new Fault('invalid', `${root} is no folder that a template can be put into`, { cause: thrown })
  })
  if (found.length === 0) return
  throw new Fault('conflict', `there is something in ${root} already`, { fix: 'name another folder' })
}
