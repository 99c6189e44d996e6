import type { Clock, Log, Uuid } from '@reeve/base'
import type { Policy, PolicyAbout } from '@reeve/bridge'
import type { Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { reread } from '../db/reread.ts'
import { createRulesMetrics } from './metrics.ts'
import { ruleSetOf } from './present.ts'
import { rulesChannel, selectAllRules } from './queries.ts'
import { decideModel, decideTool, type RuleSet, type Ruling, rulingOf } from './ruling.ts'

/** Where the gateway has its policy from. */
export interface Rules extends AsyncDisposable {
  readonly policy: Policy
  /** Reads what is stored once more; throws when that cannot be done, and then what was known stays. */
  reload(): Promise<void>
}

/** As they were read last. */
interface Known {
  readonly organizations: ReadonlyMap<Uuid, RuleSet>
  /** By organization: a group of another one has no say. */
  readonly groups: ReadonlyMap<Uuid, readonly RuledGroup[]>
  readonly count: number
}

interface RuledGroup {
  readonly id: Uuid
  readonly set: RuleSet
  /** As it was read, and as it is looked up. */
  readonly members: string
  readonly memberIds: ReadonlySet<Uuid>
}

/**
 * The rules of this replica, in memory: they are read before anything is served, and again with every change of theirs
 * or of who is in a group that is committed anywhere. While the database does not answer, what was known holds.
 */
export async function openRules(options: {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}): Promise<Rules> {
  const { db, clock, log, metrics } = options
  let known: Known = { organizations: new Map(), groups: new Map(), count: 0 }
  const counted = createRulesMetrics(metrics, { clock, count: () => known.count })

  async function read(): Promise<void> {
    try {
      known = await readKnown(db, known)
      counted('ok')
    } catch (thrown) {
      counted('failed')
      throw thrown
    }
  }

  const reading = await reread({ connection: db.connection, channel: rulesChannel, read, what: 'the rules', log })

  const rulingFor = ({ actor }: PolicyAbout): Ruling =>
    rulingOf(
      known.organizations.get(actor.organizationId) ?? null,
      (known.groups.get(actor.organizationId) ?? []).flatMap(({ set, memberIds }) =>
        memberIds.has(actor.userId) ? [set] : [],
      ),
    )
  return {
    policy: {
      model: (about) => decideModel(rulingFor(about), { provider: about.providerName, model: about.model }),
      // What is asked at each call are the rules of that moment, as an answer may go on for long.
      tools: (about) =>
        rulingFor(about).tools.length === 0 ? null : { decide: ({ name }) => decideTool(rulingFor(about), name) },
    },
    reload: reading.now,
    [Symbol.asyncDispose]: () => reading[Symbol.asyncDispose](),
  }
}

/** Of what was known before, the members of those groups are kept that nobody came into or left. */
async function readKnown(db: Database, before: Known): Promise<Known> {
  const rows = await selectAllRules(db.sql)
  const ofOrganizations = new Map(rows.filter(({ group_id }) => group_id === null).map((r) => [r.organization_id, r]))
  const organizations = new Map([...ofOrganizations].map(([id, row]) => [id, ruleSetOf(row, row)]))
  const groups = new Map<Uuid, RuledGroup[]>()
  for (const row of rows) {
    const { organization_id, group_id: id, members } = row
    if (id === null) continue
    const known = before.groups.get(organization_id)?.find((group) => group.id === id)
    const memberIds = known?.members === members ? known.memberIds : new Set(members.split(' '))
    const group = { id, set: ruleSetOf(row, ofOrganizations.get(organization_id)), members, memberIds }
    groups.set(organization_id, [...(groups.get(organization_id) ?? []), group])
  }
  return { organizations, groups, count: rows.length }
}
