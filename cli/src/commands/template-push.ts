import { basename, resolve } from 'node:path'
import { Fault } from '@reeve/base'
import { type Client, endpoints, type Template, type TemplateVersion } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, one } from '../output/answer.ts'
import { tellChanges } from './template-changes.ts'
import { fetchModules } from './template-vendor.ts'
import { imported, readVariables, uploaded, type Variables } from './template-import.ts'
import { readSource } from './template-source.ts'
import { findTemplate, idOfVersion, orNull, versionColumns } from './templates.ts'

interface Push extends Variables {
  readonly folder: string | undefined
  readonly starter: string | undefined
  readonly name: string | undefined
  readonly organization: string | undefined
  readonly message: string | undefined
  readonly versionName: string | undefined
  readonly activate: 'all' | 'none' | undefined
  readonly planOnly: boolean
  readonly vendor: boolean
}

/** Uploads, imports, shows what the import says, and makes the version the active one where that is wanted. */
export async function pushTemplate(context: Context, input: Push): Promise<Answer> {
  const { folder = '.', starter, organization = 'default' } = input
  if (starter !== undefined && (input.folder !== undefined || input.vendor)) {
    throw new Fault('invalid', 'a folder and a starter are given: a version is made of one of the two')
  }
  const name = input.name ?? starter ?? (folder === '-' ? undefined : basename(resolve(context.io.cwd, folder)))
  if (name === undefined) throw new Fault('invalid', 'the template needs a name', { fix: 'give it with --name' })
  if (input.vendor) await vendor(context, folder)
  const source = starter === undefined ? await readSource(context.io, folder) : null
  const variables = await readVariables(context, input)
  const client = await context.client()
  const { signal } = context.io
  const existing = await orNull(findTemplate(context, client, name, organization))
  const from = source === null ? { example_id: starter } : { file_id: await uploaded(context, client, source) }
  const made = await client.call(endpoints.createTemplateVersion, {
    params: { organization },
    body: {
      ...from,
      user_variable_values: variables,
      ...(existing === null || input.planOnly ? {} : { template_id: existing.id }),
      ...(input.versionName === undefined ? {} : { name: input.versionName }),
      ...(input.message === undefined ? {} : { message: input.message }),
    },
    signal,
  })
  const version = await imported(context, client, made)
  await tellChanges(context, client, version, existing)
  if (input.planOnly) context.note('nothing was changed: this was a plan')
  else await useVersion(context, client, { existing, name, organization, version, activate: input.activate })
  const { id } = version
  return one(
    await client.call(endpoints.getTemplateVersion, { params: { version: id }, signal }),
    versionColumns,
    idOfVersion,
  )
}

async function vendor({ io, note }: Context, folder: string): Promise<void> {
  if (folder === '-') throw new Fault('invalid', 'the modules of an archive cannot be fetched: name its folder')
  note('fetching   the modules')
  await fetchModules(resolve(io.cwd, folder), io.env, io.signal)
}

interface Use {
  readonly existing: Template | null
  readonly name: string
  readonly organization: string
  readonly version: TemplateVersion
  readonly activate: 'all' | 'none' | undefined
}

async function useVersion(context: Context, client: Client, use: Use): Promise<void> {
  const { existing, name, organization, version } = use
  const { signal } = context.io
  if (existing === null) {
    const body = { name, template_version_id: version.id }
    await client.call(endpoints.createTemplate, { params: { organization }, body, signal })
    context.note(`${name} is made, with ${version.name}`)
    return
  }
  if (use.activate === 'none') {
    context.note(`${version.name} is pushed and not active: reeve templates promote ${name} ${version.name}`)
    return
  }
  if (use.activate === undefined) await context.confirm(`Make ${version.name} of ${name} active for everyone?`)
  await client.call(endpoints.promoteTemplateVersion, {
    params: { template: existing.id },
    body: { id: version.id },
    signal,
  })
  context.note(`${version.name} of ${name} is active`)
}
