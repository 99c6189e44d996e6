import { Fault, type Uuid } from '@reeve/base'
import type { Database } from '../db/database.ts'
import type { JobTools, JobHandler, JobResult } from '../jobs/worker.ts'
import type { JobRow } from '../jobs/queries.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { BuildContext } from '../provisioning/build-context.ts'
import type { ProcessHost } from '../provisioning/process-host.ts'
import { readArchive } from '../provisioning/read-archive.ts'
import type { Failed, ImportResult, Run } from '../provisioning/run.ts'
import { foundOf } from './found.ts'
import { findFile, findVersion, updateVersionRow, type VersionRow } from './version-queries.ts'
import { sealedVariablesContext } from './versions.ts'

/** What reads a template; `provisioning` has the one that runs Terraform. */
export interface Importer {
  importVersion(run: Run): Promise<ImportResult | Failed>
}

export interface ImportOptions {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'open'>
  readonly importer: Importer
  /** Where agents and people reach the deployment. */
  readonly accessUrl: string
  /** Nothing is started there at import; whether it could be is found out. */
  readonly host: ProcessHost
}

/** The job that makes a pushed archive a version that workspaces can be made of. */
export function importHandler({ db, keyring, importer, accessUrl, host }: ImportOptions): JobHandler {
  return {
    async run(job, tools) {
      const version = await findVersion(db.sql, versionIdOf(job))
      const file = job.file_id === null ? undefined : await findFile(db.sql, job.file_id)
      if (version === undefined || file === undefined) throw new Fault('not_found', 'the version is gone')
      const variables = variablesOf(version, keyring)
      const result = await importer.importVersion({
        source: await readArchive(file.content),
        context: contextOfImport(version, job, accessUrl, host),
        variables,
        ...runTools(tools),
      })
      return ended(version.id, result, variables)
    },
  }
}

const ended = (id: Uuid, result: ImportResult | Failed, variables: ReadonlyMap<string, string>): JobResult => {
  if (result.failure !== null) return { error: result.failure.message, errorCode: result.failure.code }
  return {
    error: null,
    errorCode: null,
    write: (tx, at) =>
      updateVersionRow(tx, id, {
        found: JSON.stringify(foundOf(result, variables)),
        readme: result.readme,
        has_ai_task: result.hasAiTask,
        has_external_agent: result.hasExternalAgent,
        engine: result.engineVersion,
        updated_at: at,
      }),
  }
}

/** What a run asks of a job, in its words. */
export const runTools = ({ signal, force, line }: JobTools): Pick<Run, 'signal' | 'force' | 'onLog'> => ({
  signal,
  force,
  onLog: ({ at, level, stage, source, text }) => line({ at, level, stage, source, output: text }),
})

export function variablesOf(
  { id, sealed_variables: sealed }: VersionRow,
  keyring: Pick<Keyring, 'open'>,
): ReadonlyMap<string, string> {
  if (sealed === null) return new Map()
  // SAFETY: sealed by this room, from a list of this type.
  const values = JSON.parse(keyring.open(sealed, sealedVariablesContext(id)).reveal()) as {
    name: string
    value: string
  }[]
  return new Map(values.map(({ name, value }) => [name, value]))
}

function versionIdOf({ input }: JobRow): Uuid {
  // SAFETY: enqueued by this room.
  return (input as { readonly template_version_id: Uuid }).template_version_id
}

const nobody = '00000000-0000-0000-0000-000000000000'

/** At import there is no workspace. Templates that allow only certain names of owners and workspaces let these through. */
const contextOfImport = (version: VersionRow, job: JobRow, accessUrl: string, host: ProcessHost): BuildContext => ({
  transition: 'start',
  accessUrl,
  buildId: job.id,
  workspace: { id: nobody, name: 'default' },
  owner: {
    id: version.creator_id ?? nobody,
    name: 'default',
    fullName: 'default',
    email: 'import@reeve.invalid',
    groups: [],
    loginType: 'none',
    sessionToken: null,
    oidcAccessToken: null,
    sshPublicKey: '',
    sshPrivateKey: null,
    roles: [],
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
  host,
})
