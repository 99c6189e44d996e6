import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, toError } from '@reeve/base'
import { endpoints, type UserSecret } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { readStdinLines } from '../prompt.ts'

const columns: readonly Column<UserSecret>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'env', value: (row) => row.env_name, priority: 0 },
  { name: 'file', value: (row) => row.file_path, priority: 1 },
  { name: 'description', value: (row) => row.description, priority: 2, elastic: true },
  instantColumn('changed', (row) => row.updated_at, 3),
]
const nameOf = ({ name }: UserSecret): string => name
const own = { user: 'me' }

export async function listSecrets(context: Context): Promise<Answer> {
  const client = await context.client()
  const rows = await client.call(endpoints.listUserSecrets, { params: own, signal: context.io.signal })
  return table(rows, columns, nameOf, 'no secrets; reeve secrets set NAME --env VARIABLE keeps one')
}

interface SetInput {
  readonly name: string
  readonly env: string | undefined
  readonly file: string | undefined
  readonly description: string | undefined
  readonly valueFile: string | undefined
  readonly valueStdin: boolean
}

/** Makes it, or changes what is there under this name. */
export async function setSecret(context: Context, input: SetInput): Promise<Answer> {
  const { name, env: env_name, file: file_path, description } = input
  const client = await context.client()
  const { signal } = context.io
  const given = {
    ...(env_name === undefined ? {} : { env_name }),
    ...(file_path === undefined ? {} : { file_path }),
    ...(description === undefined ? {} : { description }),
  }
  const known = await client.call(endpoints.listUserSecrets, { params: own, signal })
  const isKnown = known.some((row) => row.name === name)
  const value = await readValue(context, input, isKnown && Object.keys(given).length > 0)
  if (isKnown) {
    const body = { ...given, ...(value === null ? {} : { value }) }
    return one(
      await client.call(endpoints.updateUserSecret, { params: { ...own, name }, body, signal }),
      columns,
      nameOf,
    )
  }
  const body = { name, value: value ?? '', ...given }
  return one(await client.call(endpoints.createUserSecret, { params: own, body, signal }), columns, nameOf)
}

/** Never from an argument, which every process of the machine can read. Null leaves the value as it is. */
async function readValue(context: Context, input: SetInput, mayStay: boolean): Promise<string | null> {
  const { valueFile, valueStdin } = input
  if (valueFile !== undefined) {
    const path = resolve(context.io.cwd, valueFile)
    return readFile(path, 'utf8').catch((thrown: unknown) => {
      throw new Fault('invalid', `cannot read ${path}: ${toError(thrown).message}`, { cause: thrown })
    })
  }
  if (valueStdin) return (await readStdinLines(context.io, 1, '--value-stdin'))[0] ?? ''
  if (mayStay) return null
  return context.ask({ label: 'Value', flag: '--value-file or --value-stdin', secret: true })
}

export async function removeSecret(context: Context, { name }: { readonly name: string }): Promise<Answer> {
  await context.confirm(`Remove the secret ${name}?`)
  const client = await context.client()
  await client.call(endpoints.deleteUserSecret, { params: { ...own, name }, signal: context.io.signal })
  context.note(`removed ${name}`)
  return table([], columns, nameOf, '')
}
