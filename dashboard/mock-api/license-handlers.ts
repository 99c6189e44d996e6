import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type { AgentWorkspaceBuild, BuildReason, BuildTrigger, Entitlements, License } from '@reeve/sdk'
import { type Handlers, pageAfter } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import type { World } from './seed.ts'

/** A licence in force, one that ended and one that was forged; builds of half a year, of which some did not count. */

const [script = ''] = hostileTexts
const dayMs = 86_400_000
const at = (days: number): string => new Date(systemClock.now().getTime() + days * dayMs).toISOString()
const secondsAt = (days: number): number => Math.floor(Date.parse(at(days)) / 1_000)
const newId = (days: number) => uuidv7(new Date(Date.parse(at(days))))

function license(id: number, days: number, more: Partial<License> = {}): License {
  const claims = {
    account_id: id === 1 ? 'Acme GmbH' : `Acme ${script}`,
    nbf: secondsAt(days),
    license_expires: secondsAt(days + 365),
    exp: secondsAt(days + 395),
    features: { managed_agent_limit: id === 1 ? 800 : 1_500, user_limit: 250 },
  }
  return { id, uuid: newId(days), uploaded_at: at(days), claims, state: 'active', problem: '', ...more }
}

const forged = {
  claims: {},
  state: 'invalid' as const,
  problem: 'was changed after it was signed, or was not signed by whom it says',
}

const kept = new WeakMap<World, License[]>()
function licensesOf(world: World): License[] {
  const found = kept.get(world) ?? [license(1, -500, { state: 'ended' }), license(2, -120), license(3, -2, forged)]
  kept.set(world, found)
  return found
}

/** What was added last says the limit. */
const limitOf = (world: World): number => (licensesOf(world).some(({ id }) => id > 3) ? 100 : 1_500)

const kinds: readonly (readonly [BuildTrigger, BuildReason])[] = [
  ['create', 'task_created'],
  ['resume', 'task_resumed'],
  ['manual_start', 'task_workspace_started'],
  ['create', 'start_failed'],
  ['manual_start', 'no_task'],
]
const named = (name: string) => ({ id: newId(-400), name })
const [home, template, version] = [named('default'), named('claude-code'), named('brave_otter1')]

const builds: AgentWorkspaceBuild[] = Array.from({ length: 240 }, (_, index) => {
  const [trigger, reason] = kinds[index % kinds.length] ?? ['create', 'task_created']
  return {
    id: newId(-index / 2),
    time: at(-index / 2),
    counted: reason.startsWith('task_'),
    trigger,
    reason,
    organization: home,
    template,
    template_version: version,
    owner: named('dana'),
    workspace: named(`dana-${index}`),
    task: reason === 'no_task' ? null : named(index % 7 === 0 ? `fix ${script}` : `fix-flaky-test-${index}`),
  }
})

const used = builds.filter(({ counted }) => counted).length

function entitlements(world: World): Entitlements {
  const limit = limitOf(world)
  return {
    features: { managed_agent_limit: { entitlement: 'entitled', enabled: true, limit, actual: used } },
    warnings: used < limit ? [] : [`${used} Agent Workspace Builds are used of the ${limit} of the licence.`],
    errors: [],
    has_license: true,
    trial: false,
    require_telemetry: false,
    refreshed_at: at(0),
  }
}

export const licenseHandlers: Handlers = {
  listLicenses: (_, { world }) => licensesOf(world),
  addLicense: ({ body }, { world }) => {
    if (!body.license.startsWith('eyJ')) {
      throw new Fault('invalid', 'this licence cannot be read as one', {
        problems: [{ field: 'license', detail: 'cannot be read as one' }],
      })
    }
    const added = license(4, 0)
    licensesOf(world).push(added)
    return added
  },
  deleteLicense: ({ params }, { world }) => {
    kept.set(
      world,
      licensesOf(world).filter(({ id }) => String(id) !== params.id),
    )
    return undefined
  },
  getEntitlements: (_, { world }) => entitlements(world),
  getBuildMeter: (_, { world }) => ({
    used,
    limit: limitOf(world),
    source: 'license',
    entitlement: 'entitled',
    period: { issued_at: at(-121), start: at(-120), end: at(245) },
    pace_per_day: 1.2,
    projected_at: limitOf(world) > used ? at(90) : null,
  }),
  listAgentWorkspaceBuilds: ({ query: { counted = 'yes', trigger, after_id, limit = 100 } }) => {
    const found = builds.filter(
      (build) =>
        (counted === 'all' || build.counted === (counted === 'yes')) &&
        (trigger === undefined || build.trigger === trigger),
    )
    return { builds: pageAfter(found, after_id, limit), count: found.length }
  },
  getDailyAgentWorkspaceBuilds: ({ query: { from = at(-29).slice(0, 10) } }) => {
    const length = Math.floor((systemClock.now().getTime() - Date.parse(from)) / dayMs) + 1
    const days = Array.from({ length }, (_, index) => {
      const day = new Date(Date.parse(from) + index * dayMs).toISOString().slice(0, 10)
      return { day, builds: builds.filter(({ counted, time }) => counted && time.startsWith(day)).length }
    })
    return { days, total: used }
  },
}
