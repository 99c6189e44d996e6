import { Fault } from '@reeve/base'
import { type BoundaryPolicy, type BoundaryPolicyVersion, type Client, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, oneText, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { visibleText } from '../output/visible.ts'
import { readText } from './policy-file.ts'

const holdsFor = ({ organization_name: organization, template_name: template }: BoundaryPolicy): string =>
  template === null ? (organization ?? 'the deployment') : `${organization ?? ''}/${template}`

const columns: readonly Column<BoundaryPolicy>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'holds_for', value: (row) => holdsFor(row), priority: 0 },
  { name: 'mode', value: (row) => row.mode, priority: 0 },
  { name: 'version', value: (row) => row.version, priority: 0 },
  { name: 'rules', value: (row) => row.rules, priority: 1 },
  {
    name: 'denials_7d',
    value: (row) => row.denials_7d,
    priority: 1,
    tone: (row) => (row.denials_7d > 0 ? 'red' : null),
  },
  { name: 'would_deny_7d', value: (row) => row.would_deny_7d, priority: 2 },
  { name: 'by', value: (row) => row.published_by?.username ?? null, priority: 3 },
  instantColumn('published', (row) => row.published_at, 2),
  { name: 'id', value: (row) => row.id, priority: 6 },
]

export async function listPolicies(context: Context): Promise<Answer> {
  const client = await context.client()
  const { policies } = await client.call(endpoints.listBoundaryPolicies, { signal: context.io.signal })
  return table(policies, columns, (row) => row.name, 'no policies; reeve policies publish makes one of a file')
}

const versionColumns: readonly Column<BoundaryPolicyVersion>[] = [
  { name: 'version', value: (row) => row.version, priority: 0 },
  instantColumn('published', (row) => row.published_at, 0),
  { name: 'by', value: (row) => row.published_by?.username ?? null, priority: 0 },
  { name: 'message', value: (row) => row.message, priority: 0, elastic: true },
  { name: 'reverts', value: (row) => row.reverts, priority: 1 },
]
const versionId = (row: BoundaryPolicyVersion): string => String(row.version)

const readVersions = async (context: Context, client: Client, policy: string) =>
  (await client.call(endpoints.listBoundaryPolicyVersions, { params: { policy }, signal: context.io.signal })).versions

export async function listVersions(context: Context, { policy }: { readonly policy: string }): Promise<Answer> {
  const versions = await readVersions(context, await context.client(), policy)
  return table(versions, versionColumns, versionId, 'no version was published yet')
}

/** The text itself, as it was published, so that it can go into a file. */
export async function showPolicy(
  context: Context,
  input: { readonly policy: string; readonly version: number | undefined },
): Promise<Answer> {
  const client = await context.client()
  const { policy, version } = input
  if (version === undefined) {
    const found = await client.call(endpoints.getBoundaryPolicy, { params: { policy }, signal: context.io.signal })
    return oneText(found, visibleText(found.document).trimEnd(), columns, (row) => row.name)
  }
  const found = (await readVersions(context, client, policy)).find((one) => one.version === version)
  if (found === undefined) throw new Fault('not_found', `${policy} has no version ${version}`)
  return oneText(found, visibleText(found.document).trimEnd(), versionColumns, versionId)
}

interface PublishInput {
  readonly file: string
  readonly message: string | undefined
  readonly organization: string | undefined
  readonly template: string | undefined
  readonly basedOn: number | undefined
}

export async function publishPolicy(context: Context, input: PublishInput): Promise<Answer> {
  const message = needed(input.message)
  const document = await readText(context, input.file)
  const { parsePolicy } = await import('@reeve/policy')
  const { policy, problems } = parsePolicy(document)
  if (policy === null) {
    throw new Fault('invalid', 'the policy cannot be read', {
      fix: `reeve policies check ${input.file}`,
      problems: problems
        .filter(({ level }) => level === 'error')
        .map(({ path, line, message: detail }) => ({ field: line === null ? path : `line ${line}`, detail })),
    })
  }
  const client = await context.client()
  const { signal } = context.io
  const { policies } = await client.call(endpoints.listBoundaryPolicies, { signal })
  const before = policies.find(({ name }) => name === policy.name)
  if (before === undefined) {
    const { organization, template } = input
    const body = {
      document,
      message,
      ...(organization === undefined ? {} : { organization }),
      ...(template === undefined ? {} : { template }),
    }
    return one(await client.call(endpoints.createBoundaryPolicy, { body, signal }), columns, (row) => row.name)
  }
  const published = await client.call(endpoints.publishBoundaryPolicy, {
    params: { policy: policy.name },
    body: { document, message, based_on: input.basedOn ?? before.version },
    signal,
  })
  return one(published, versionColumns, versionId)
}

interface RevertInput {
  readonly policy: string
  readonly to: number | undefined
  readonly message: string | undefined
}

export async function revertPolicy(context: Context, { policy, to, message }: RevertInput): Promise<Answer> {
  const client = await context.client()
  const versions = await readVersions(context, client, policy)
  const [latest] = versions
  const target = versions.find(({ version }) => version === (to ?? (latest?.version ?? 0) - 1))
  if (latest === undefined || target === undefined)
    throw new Fault('not_found', `${policy} has no ${to === undefined ? 'version before this one' : `version ${to}`}`)
  await context.confirm(`Publish the text of version ${target.version} of ${policy} again?`)
  const published = await client.call(endpoints.publishBoundaryPolicy, {
    params: { policy },
    body: {
      document: target.document,
      message: message ?? `Back to version ${target.version}`,
      based_on: latest.version,
      reverts: target.version,
    },
    signal: context.io.signal,
  })
  return one(published, versionColumns, versionId)
}

export async function removePolicy(context: Context, { policy }: { readonly policy: string }): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const gone = await client.call(endpoints.getBoundaryPolicy, { params: { policy }, signal })
  await context.confirm(`Take the policy ${gone.name} out of force?`)
  await client.call(endpoints.deleteBoundaryPolicy, { params: { policy }, signal })
  return one(gone, columns, (row) => row.name)
}

function needed(message: string | undefined): string {
  if (message !== undefined) return message
  throw new Fault('invalid', '--message is missing', { fix: 'say what changes and why with --message' })
}
