import { Fault } from '@reeve/base'
import { type Client, endpoints, type TemplateVersion } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { readText } from './policy-file.ts'
import type { Source } from './template-source.ts'

/** What every version goes through that is made of a folder: its variables, its archive, its import. */

export interface Variables {
  readonly variable: readonly string[]
  readonly variablesFile: string | undefined
  readonly varFile: string | undefined
}

export async function uploaded(context: Context, client: Client, source: Source): Promise<string> {
  const kilobytes = Math.ceil(source.bytes.length / 1024)
  context.note(`packing    ${source.files === null ? 'an archive' : `${source.files} files`}, ${kilobytes} kB`)
  const { hash } = await client.call(endpoints.uploadFile, { body: source, signal: context.io.signal })
  return hash
}

/** Says what an import says until it has ended. One that does not end well is an error. */
export async function imported(context: Context, client: Client, { id }: TemplateVersion): Promise<TemplateVersion> {
  const { signal } = context.io
  const params = { version: id }
  let stage = ''
  for await (const line of await client.events(endpoints.followTemplateVersionLogs, { params, signal })) {
    if (line.stage !== stage) context.note(`> ${line.stage}`)
    stage = line.stage
    if (line.log_level !== 'debug' && line.log_level !== 'trace') context.note(`  ${line.output}`)
  }
  const version = await client.call(endpoints.getTemplateVersion, { params, signal })
  if (version.job.status === 'succeeded') return version
  throw new Fault('conflict', `the import ${version.job.status}: ${version.job.error ?? 'nothing is said of why'}`)
}

export async function readVariables(
  context: Context,
  { variable, varFile, variablesFile = varFile }: Variables,
): Promise<{ name: string; value: string }[]> {
  const lines = variablesFile === undefined ? [] : (await readText(context, variablesFile)).split('\n')
  const given = [...lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('#')), ...variable]
  const values = new Map(
    given.map((line) => {
      const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_-]*)\s*=(.*)$/s.exec(line) ?? []
      if (name === undefined || value === undefined)
        throw new Fault('invalid', `${JSON.stringify(line)} is not name=value`)
      return [name, value.trim().replace(/^"(.*)"$/s, '$1')]
    }),
  )
  return [...values].map(([name, value]) => ({ name, value }))
}
