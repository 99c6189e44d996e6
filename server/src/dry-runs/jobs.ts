import { Fault, type Uuid } from '@reeve/base'
import type { FormDiagnostic, FormParameter, TemplateVersionResource } from '@reeve/sdk'
import type { Database, Executor } from '../db/database.ts'
import { findUser } from '../identity/queries.ts'
import { selectBelonging } from '../identity/sign-in/queries.ts'
import type { JobRow } from '../jobs/queries.ts'
import type { JobHandler, JobResult, JobTools } from '../jobs/worker.ts'
import { contextOf, type Keyring } from '../keyring/keyring.ts'
import type { BuildContext, WrongValue } from '../provisioning/build-context.ts'
import { readArchive } from '../provisioning/read-archive.ts'
import type { Failed, PlanResult, Run } from '../provisioning/run.ts'
import { resourceOf } from '../templates/found.ts'
import { runTools, variablesOf } from '../templates/import.ts'
import { findFile, findVersion, type VersionRow } from '../templates/version-queries.ts'
import { complaintsOf, formOf } from './form.ts'
import { type DryRunRow, findDryRun, keepFound } from './queries.ts'

/** Who asks for all that a version would make waits as for a build; a form is asked for with every field. */
export const dryRunJob = 'template_version_dry_run'
export const formJob = 'template_version_form'

/** What plans; `provisioning` has the one that runs Terraform. */
export interface Planner {
  plan(run: Run): Promise<PlanResult | Failed>
}

export interface DryRunOptions {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'open'>
  readonly planner: Planner
  /** Where agents and people reach the deployment. */
  readonly accessUrl: string
  /** Nothing is started there; whether it could be is found out. */
  readonly host: BuildContext['host']
}

/** What a dry run found, as it is kept. */
export interface FoundByPlan {
  readonly resources: readonly (typeof TemplateVersionResource)['_output'][]
  readonly parameters: readonly FormParameter[]
  readonly diagnostics: readonly FormDiagnostic[]
}

/** A plan of a workspace that nobody makes. It has no credentials of the owner's: nothing that it would start is started. */
export function dryRunHandler({ db, keyring, planner, accessUrl, host }: DryRunOptions): JobHandler {
  return {
    async run(job, tools) {
      const asked = await findDryRun(db.sql, job.id)
      const version = asked === undefined ? undefined : await findVersion(db.sql, asked.template_version_id)
      const file = version === undefined ? undefined : await findFile(db.sql, version.file_id)
      if (asked === undefined || version === undefined || file === undefined) {
        throw new Fault('not_found', 'the version is gone')
      }
      const given = new Map(Object.entries(Object(asked.parameters)).map(([name, value]) => [name, String(value)]))
      const wrong = new Map<string, WrongValue[]>()
      const isForm = job.type === formJob
      const hear: NonNullable<BuildContext['onWrongValue']> = (name, problem) => {
        const known = wrong.get(name) ?? []
        // The same block is read more than once in a plan.
        if (known.every(({ summary }) => summary !== problem.summary)) wrong.set(name, [...known, problem])
      }
      const planned = await planner.plan({
        source: await readArchive(file.content),
        context: {
          ...(await contextOfDryRun(db.sql, { asked, version, job, accessUrl, host })),
          parameters: given,
          ...(isForm ? { onWrongValue: hear } : {}),
        },
        variables: new Map([...variablesOf(version, keyring), ...ownVariables(asked, keyring)]),
        ...runTools(isForm ? silent(tools) : tools),
      })
      return ended(job, planned, given, wrong)
    },
  }
}

function ended(
  { id, type }: JobRow,
  planned: PlanResult | Failed,
  given: ReadonlyMap<string, string>,
  wrong: ReadonlyMap<string, readonly WrongValue[]>,
): JobResult {
  const keep =
    (found: FoundByPlan): JobResult['write'] =>
    (tx) =>
      keepFound(tx, id, JSON.stringify(found))
  if (planned.failure !== null) {
    const { message, code } = planned.failure
    const diagnostics = complaintsOf(planned.failure)
    return { error: message, errorCode: code, write: keep({ resources: [], parameters: [], diagnostics })! }
  }
  const { declared, parameters: values, resources } = planned
  const form = formOf({ declared, values, given, wrong })
  const found = { resources: resources.map(resourceOf('start')), parameters: form, diagnostics: [] }
  const missing = form.filter(({ required, name }) => required && !given.has(name)).map(({ name }) => name)
  // A form may have empty fields; a build may not.
  const error =
    type === formJob || missing.length === 0 ? null : `no value was given for the parameter ${missing.join(', ')}`
  return { error, errorCode: null, write: keep(found)! }
}

const silent = (tools: JobTools): JobTools => ({ ...tools, line: () => {} })

export const sealedVariablesContext = (jobId: Uuid): string => contextOf('template_dry_runs', 'sealed_variables', jobId)

function ownVariables(
  { job_id: id, sealed_variables: sealed }: DryRunRow,
  keyring: Pick<Keyring, 'open'>,
): [string, string][] {
  if (sealed === null) return []
  // SAFETY: sealed by this room, from pairs of texts.
  return JSON.parse(keyring.open(sealed, sealedVariablesContext(id)).reveal()) as [string, string][]
}

interface About {
  readonly asked: DryRunRow
  readonly version: VersionRow
  readonly job: JobRow
  readonly accessUrl: string
  readonly host: BuildContext['host']
}

const nobody = '00000000-0000-0000-0000-000000000000'

async function contextOfDryRun(db: Executor, { asked, version, job, accessUrl, host }: About): Promise<BuildContext> {
  const [owner, belonging] = await Promise.all([
    findUser(db, { id: asked.owner_id }),
    selectBelonging(db, asked.owner_id),
  ])
  if (owner === undefined) throw new Fault('not_found', 'whoever it is for is gone')
  const { organization_id: organizationId } = version
  const roles = belonging.organizations.flatMap(({ id, roles: held }) => held.map((name) => ({ name, orgId: id })))
  return {
    transition: 'start',
    accessUrl,
    host,
    buildId: job.id,
    workspace: { id: nobody, name: asked.workspace_name },
    owner: {
      id: owner.id,
      name: owner.username,
      fullName: owner.name,
      email: owner.email,
      groups: belonging.groups.filter((group) => group.organization_id === organizationId).map(({ name }) => name),
      loginType: owner.login_type,
      sessionToken: null,
      oidcAccessToken: null,
      sshPublicKey: '',
      sshPrivateKey: null,
      roles: [...owner.roles.map((name) => ({ name, orgId: '' })), ...roles],
    },
    template: { id: version.template_id ?? nobody, name: version.name, version: version.name },
    task: null,
    parameters: new Map(),
    previousParameters: new Map(),
    missingParameters: 'placeholder',
    externalAuth: new Map(),
    secrets: new Map(),
    agentTokens: new Map(),
    initScript: () => '',
  }
}
