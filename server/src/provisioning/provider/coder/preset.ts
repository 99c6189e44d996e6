import { complaint, Complaints, type Complaint } from '../complaint.ts'
import type { DataSource } from '../definition.ts'
import { computed, listOf, optional, required, setOf, type Block } from '../schema.ts'
import { rows, text, type Row } from '../values.ts'
import { atLeast, lengthAtMost, notEmpty, shown } from './checks.ts'
import { prebuildCron, prebuildCronsOverlap } from './cron.ts'
import type { ProviderRun } from './run.ts'

const hourSeconds = 3600
const yearSeconds = 365 * 24 * hourSeconds

const scheduleBlock: Block = {
  description: 'How many are kept at certain hours.',
  attributes: {
    cron: required('string', 'The hours, as five fields of which the first is *.', { check: prebuildCron }),
    instances: required('number', 'How many.', { check: atLeast(0) }),
  },
  blocks: {},
}

const prebuildsBlock: Block = {
  description: 'Workspaces that are built before somebody asks for them.',
  attributes: { instances: required('number', 'How many are kept.', { check: atLeast(0) }) },
  blocks: {
    expiration_policy: setOf(
      {
        description: 'How long one is kept.',
        attributes: { ttl: required('number', 'Seconds; 0 for ever.', { check: timeToLive }) },
        blocks: {},
      },
      1,
    ),
    scheduling: listOf(
      {
        description: 'When other numbers are kept.',
        attributes: { timezone: required('string', 'An IANA time zone.', { check: timeZone }) },
        blocks: { schedule: listOf(scheduleBlock, 0, 1) },
        check: overlappingSchedules,
      },
      1,
    ),
  },
}

export const workspacePreset: DataSource<ProviderRun> = {
  block: {
    description: 'Values of parameters that are chosen together.',
    attributes: {
      id: computed('string', 'Its name.'),
      name: required('string', 'Its name.', { check: notEmpty }),
      description: optional('string', 'What it is for.', { check: lengthAtMost(128) }),
      icon: optional('string', 'The address of an icon.'),
      default: optional('bool', 'Whether it is chosen to begin with.', { default: false }),
      parameters: optional(['map', 'string'], 'Values by the name of the parameter.'),
    },
    blocks: { prebuilds: setOf(prebuildsBlock, 1) },
  },
  read: (config) => {
    const names = Object.keys(Object(config['parameters']))
    if (names.includes('')) {
      throw new Complaints([complaint(['parameters'], 'A parameter of the preset has no name', shown(''))])
    }
    return { id: text(config['name']) }
  },
}

/** At every hour one number is meant. */
function overlappingSchedules(config: Row): Complaint[] {
  const crons = rows(config['schedule']).map(({ cron }) => (typeof cron === 'string' ? cron : null))
  return crons.flatMap((cron, index) => {
    const earlier = crons.slice(0, index).find((other) => cron !== null && other !== null && overlap(other, cron))
    if (cron === null || earlier === undefined || earlier === null) return []
    const rule = `${shown(cron)} and ${shown(earlier)} have hours in common.`
    return [complaint(['schedule', index, 'cron'], 'Two schedules say how many are kept', rule)]
  })
}

/** Of two that can be read; what is wrong with the others is said of each. */
function overlap(one: string, other: string): boolean {
  return prebuildCron(one) === null && prebuildCron(other) === null && prebuildCronsOverlap(one, other)
}

function timeToLive(value: unknown): string | null {
  const ttl = Number(value)
  if (ttl === 0 || (ttl >= hourSeconds && ttl <= yearSeconds)) return null
  return `It has to be 0, or between ${hourSeconds} (an hour) and ${yearSeconds} (a year) seconds, not ${ttl}.`
}

function timeZone(value: unknown): string | null {
  try {
    Intl.DateTimeFormat('en', { timeZone: String(value) })
    // An offset is a zone to the platform, and has no summer time.
    return /^[+-]/.test(String(value)) ? 'It has to be the name of a place, such as "Europe/Berlin".' : null
  } catch {
    return `${shown(String(value))} is not the name of an IANA time zone.`
  }
}
