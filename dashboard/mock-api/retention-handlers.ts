import { systemClock, uuidv7 } from '@reeve/base'
import type { DataClass, RetentionPolicy } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import { placesOf } from './organization-handlers.ts'
import { minimal, type World } from './seed.ts'

/** Policies of two organizations, one with a shorter time that is not in force yet; a plan; receipts of two months. */

const [script = ''] = hostileTexts
const dayMs = 86_400_000
const at = (days: number): string => new Date(systemClock.now().getTime() + days * dayMs).toISOString()
const day = (days: number): string => at(days).slice(0, 10)

const classes: readonly DataClass[] = ['content', 'metadata', 'usage', 'reads', 'boundary', 'audit']
const defaults: Readonly<Record<DataClass, number>> = {
  content: 190,
  metadata: 400,
  usage: 0,
  reads: 0,
  boundary: 190,
  audit: 0,
}

const policy = (data_class: DataClass, more: Partial<RetentionPolicy> = {}): RetentionPolicy => ({
  data_class,
  keep_days: defaults[data_class],
  inherited: false,
  version: 1,
  set_at: at(-90),
  set_by: null,
  next: null,
  ...more,
})

const decided = new WeakMap<World, Map<string, number | null>>()
const own = (world: World): Map<string, number | null> => {
  const known = decided.get(world) ?? new Map<string, number | null>()
  decided.set(world, known)
  return known
}

const named = (world: World) =>
  placesOf(world).organizations.map(({ id, name, display_name }) => ({ id, name, display_name }))

function policiesOf(world: World, organizationId: string): RetentionPolicy[] {
  const [first] = world.users
  const set_by = first === undefined ? null : minimal(first)
  return classes
    .filter((each) => each !== 'audit')
    .map((data_class) => {
      const keep_days = own(world).get(`${organizationId} ${data_class}`)
      if (keep_days === undefined || keep_days === null) return policy(data_class, { inherited: true })
      const isShorter = keep_days !== 0 && (defaults[data_class] === 0 || keep_days < defaults[data_class])
      const next = { keep_days, inherited: false, effective_at: at(1), set_by }
      return isShorter ? policy(data_class, { inherited: true, next }) : policy(data_class, { keep_days, set_by })
    })
}

export const retentionHandlers: Handlers = {
  previewLegalHold: () => ({ covers: { interceptions: 10_000, sessions: 214, audit_events: 87 } }),
  listRetentionPolicies: (_, { world }) => ({
    grace_hours: 24,
    bounds: classes.map((data_class) => ({ data_class, minimum_days: null, maximum_days: null })),
    deployment: classes.map((data_class) => policy(data_class)),
    organizations: named(world).map((organization) => ({ organization, policies: policiesOf(world, organization.id) })),
  }),
  setRetentionPolicy: ({ params, body }, { world }) => {
    own(world).set(`${body.organization} ${params.class}`, body.keep_days)
    return policiesOf(world, body.organization).find((one) => one.data_class === params.class) ?? policy(params.class)
  },
  planRetention: ({ body: { changes = [] } }, { world }) => {
    const [organization = null] = named(world)
    const portion = { data_class: 'content' as const, unit: 'requests', organization }
    const wider = changes.length === 0 ? [] : [{ ...portion, day: day(-60), removed: 2_412, held: 0 }]
    return {
      at: at(0),
      portions: [{ ...portion, day: day(-192), removed: 1_204, held: 17 }, ...wider],
      holds: [{ id: uuidv7(systemClock.now()), reason: `case 17 ${script}`, keeps: 17 }],
    }
  },
  runRetention: () => ({ removed: [], postponed: [] }),
  listRetentionReceipts: (_, { world }) => {
    const [organization = null] = named(world)
    const receipt = (number: number, data_class: DataClass, unit: string, removed: number) => ({
      number,
      data_class,
      unit,
      organization,
      day: unit === 'requests' ? day(number - 200) : null,
      removed,
      created_at: at(number - 9),
      note: `reeve/d/audit/retention\n${number}\n`,
    })
    return {
      receipts: [
        receipt(3, 'content', 'blobs', 8_114),
        receipt(2, 'metadata', 'requests', 1_177),
        receipt(1, 'content', 'requests', 1_190),
      ],
    }
  },
}
