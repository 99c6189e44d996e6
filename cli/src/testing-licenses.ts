import type { AgentWorkspaceBuild, BuildMeter, Entitlements, License } from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'

/** What a server answers about licences and builds; the names are of somebody who means no good. */
export function licenseAnswers(
  empty: boolean,
  { hostile, id, at }: { readonly hostile: string; readonly id: string; readonly at: string },
): Partial<Record<Name, Handler>> {
  const claims = { account_id: hostile, nbf: 0, license_expires: 1, exp: 2, features: { managed_agent_limit: 5_000 } }
  const license: License = { id: 7, uuid: id, uploaded_at: at, claims, state: 'grace_period', problem: hostile }
  const named = { id, name: hostile }
  const build: AgentWorkspaceBuild = {
    id,
    time: at,
    counted: true,
    trigger: 'resume',
    reason: 'task_resumed',
    organization: named,
    template: named,
    template_version: named,
    owner: named,
    workspace: named,
    task: named,
  }
  const entitlements: Entitlements = {
    features: {},
    warnings: empty ? [] : [hostile],
    errors: [],
    has_license: true,
    trial: false,
    require_telemetry: false,
    refreshed_at: at,
  }
  const meter: BuildMeter = {
    used: 1_204,
    limit: 1_000,
    source: 'included',
    entitlement: 'entitled',
    period: { issued_at: at, start: at, end: at },
    pace_per_day: 12.5,
    projected_at: null,
  }
  return {
    listLicenses: () => (empty ? [] : [license]),
    addLicense: () => license,
    deleteLicense: () => undefined,
    getEntitlements: () => entitlements,
    getBuildMeter: () => meter,
    listAgentWorkspaceBuilds: () => ({ builds: empty ? [] : [build], count: empty ? 0 : 1 }),
  }
}
