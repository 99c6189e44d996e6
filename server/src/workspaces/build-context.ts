import { Fault, type Secret } from '@reeve/base'
import type { Executor } from '../db/database.ts'
import { findUser } from '../identity/queries.ts'
import { selectBelonging } from '../identity/sign-in/queries.ts'
import type { BuildContext } from '../provisioning/build-context.ts'
import { type BuildRow, findSucceeded, findTaskOf, selectParameters } from './build-queries.ts'
import type { OwnerCredentials } from './owner-credentials.ts'

interface Given {
  readonly build: BuildRow
  readonly accessUrl: string
  readonly initScript: BuildContext['initScript']
  readonly host: BuildContext['host']
  readonly sessionToken: Secret | null
  readonly credentials: OwnerCredentials
}

/** What the data sources of a template answer from, as the rows say. */
export async function contextOfBuild(
  db: Executor,
  { build, accessUrl, initScript, host, sessionToken, credentials }: Given,
): Promise<BuildContext> {
  const [owner, belonging, parameters, settled, task] = await Promise.all([
    findUser(db, { id: build.owner_id }),
    selectBelonging(db, build.owner_id),
    selectParameters(db, build.id),
    findSucceeded(db, build.workspace_id, build.number),
    findTaskOf(db, build.workspace_id),
  ])
  const isStart = build.transition === 'start'
  if (owner === undefined && isStart) throw new Fault('conflict', 'the owner of this workspace is gone')
  const roles = belonging.organizations.flatMap(({ id, roles: held }) => held.map((name) => ({ name, orgId: id })))
  return {
    transition: isStart ? 'start' : 'stop',
    accessUrl,
    buildId: build.id,
    workspace: { id: build.workspace_id, name: build.workspace_name },
    owner: {
      id: build.owner_id,
      name: build.owner_username,
      fullName: owner?.name ?? '',
      email: owner?.email ?? '',
      groups: belonging.groups
        .filter(({ organization_id: id }) => id === build.organization_id)
        .map(({ name }) => name),
      loginType: owner?.login_type ?? 'none',
      sessionToken,
      oidcAccessToken: credentials.oidcAccessToken,
      sshPublicKey: credentials.sshPublicKey,
      sshPrivateKey: credentials.sshPrivateKey,
      roles: [...(owner?.roles ?? []).map((name) => ({ name, orgId: '' })), ...roles],
    },
    template: { id: build.template_id, name: build.template_name, version: build.version_name },
    task: task === undefined ? null : { id: task.id, prompt: task.prompt },
    parameters,
    previousParameters: settled === undefined ? new Map() : await selectParameters(db, settled.id),
    // What is to go away goes, also where nobody ever chose what a start would need.
    missingParameters: isStart ? 'refuse' : 'placeholder',
    externalAuth: credentials.externalAuth,
    secrets: credentials.secrets,
    agentTokens: new Map(),
    initScript,
    host,
  }
}
