import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import type { Builder } from './build-job.ts'
import type { WorkspaceWorld } from './testing.ts'

/** Builds that a test decides about, of a template that no Terraform has to read. */

/** The id of a template whose builds are what a test's builder says. */
export async function scriptedTemplate(
  { identity, version, call }: WorkspaceWorld,
  admin: string,
  name: string,
  body: object = {},
): Promise<string> {
  // An import needs Terraform; what these tests are about does not.
  const made = await version(admin, `# ${name}`)
  await identity.db.sql
    .updateTable('provisioner_jobs')
    .set({ error: null, error_code: null })
    .where('id', '=', made.job.id)
    .execute()
  const answer = await call('POST', 'organizations/default/templates', admin, {
    name,
    template_version_id: made.id,
    ...body,
  })
  if (answer.status !== 201) throw new Error(`not made: ${JSON.stringify(answer.json)}`)
  return answer.json.id
}

export const goodBuild: BuildResult = {
  state: Buffer.from(JSON.stringify({ version: 4, serial: 1, resources: [] })),
  failure: null,
  resources: [],
  aiTasks: [],
  parameters: new Map(),
  dailyCost: 0,
  timings: [],
}

export const builderOf = (run: (given: BuildRun) => Promise<BuildResult>): Builder => ({ apply: run, destroy: run })
