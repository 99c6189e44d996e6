import type { Uuid } from '@reeve/base'
import { Fault } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import type { Database } from '../db/database.ts'
import { resolveUser } from '../identity/identity.ts'
import { type Failure, failure } from '../provisioning/diagnostic.ts'
import type { Room } from '../templates/room.ts'
import { type BuildRow, updateBuild } from './build-queries.ts'
import { budgetOf, consumedBy, lockQuota } from './quota-queries.ts'

/**
 * What the workspaces of a person may cost a day in an organization, in credits: templates say what their resources cost,
 * and groups how much each member may spend. It holds in an organization as soon as one of its groups has an allowance;
 * until then nobody counts.
 *
 * A build is asked about between plan and apply, and what it will cost is taken in the same transaction, under a lock of
 * that person in that organization: of two builds at once the second sees what the first has taken. What makes a
 * workspace cost less, or no more than it did, is never refused: it has to be possible to get out.
 */

export interface Quota {
  /** -1: as much as there is. */
  readonly budget: number
  readonly credits_consumed: number
}

const costMax = 1_000_000_000

export async function takeQuota(db: Database, build: BuildRow, planned: number): Promise<Failure | null> {
  const cost = Math.trunc(Math.max(0, Math.min(costMax, planned)))
  return db.transaction(async (tx) => {
    await lockQuota(tx, build.owner_id, build.organization_id)
    const whose = { ownerId: build.owner_id, organizationId: build.organization_id }
    const budget = await budgetOf(tx, whose)
    const before = build.daily_cost
    if (budget !== null && cost > before) {
      const others = await consumedBy(tx, { ...whose, without: build.workspace_id })
      if (others + cost > budget) return refusal(cost, others, budget)
    }
    // While it is being changed it costs the more of the two: things may be left over if this fails.
    await updateBuild(tx, build.id, { daily_cost: Math.max(cost, before) })
    return null
  })
}

const refusal = (cost: number, others: number, budget: number): Failure =>
  failure(
    `This workspace would cost ${cost} credits a day. Other workspaces of its owner cost ${others} of the ${budget} that ` +
      `his groups allow him, so that ${Math.max(0, budget - others)} are left. Stop or delete another one, or ask for more.`,
    'INSUFFICIENT_QUOTA',
  )

/** What is allowed and what is used, in one organization. */
export async function quotaOf(room: Room, actor: Actor, ref: string, organizationRef: string): Promise<Quota> {
  const owner = await resolveUser(room.db.sql, actor, ref, 'user:read')
  const needs: Grantable = 'organization:read'
  const organization = await room.organizationOf(actor, organizationRef, needs)
  if (!owner.organization_ids.includes(organization.id)) {
    throw new Fault('not_found', 'there is no such member of the organization')
  }
  return inOrganization(room, owner.id, organization.id)
}

async function inOrganization({ db }: Room, ownerId: Uuid, organizationId: Uuid): Promise<Quota> {
  const whose = { ownerId, organizationId }
  const [budget, consumed] = await Promise.all([
    budgetOf(db.sql, whose),
    consumedBy(db.sql, { ...whose, without: null }),
  ])
  return { budget: budget ?? -1, credits_consumed: consumed }
}
