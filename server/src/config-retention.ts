import { parseDuration } from '@reeve/base'
import { DataClass } from '@reeve/sdk'
import { type Option, option, optional } from './config-option.ts'
import { bridgeNames } from './config-providers.ts'
import * as types from './config-types.ts'
import { bounded, type Bounds, isShorter, type KeepDays } from './retention/policies.ts'

const day = 86_400_000
const century = 36_500 * day
const metadataDays = 400

type PerClass = Readonly<Partial<KeepDays>>

/** `content=30d, usage=0`: days of some classes. */
const perClass: types.ValueType<PerClass> = {
  label: 'class=duration, …',
  read(given) {
    const found: Partial<Record<DataClass, number>> = {}
    for (const part of given.split(',')) {
      const [name = '', text = ''] = part.split('=').map((piece) => piece.trim())
      const dataClass = DataClass.safeParse(name)
      const ms = parseDuration(text)
      if (!dataClass.success) return { problem: `names a class that is none of ${DataClass.options.join(', ')}` }
      if (ms === null || ms > century || (ms > 0 && ms < day)) {
        return { problem: `has no duration of a day or more for ${name}, nor 0 for ever` }
      }
      found[dataClass.data] = daysOf(ms)
    }
    return { value: found }
  },
}

export const retentionOptions = {
  auditRetention: option('Operation', '0', {
    env: 'REEVE_AUDIT_LOGS_RETENTION',
    yaml: 'audit.retention',
    type: types.duration(8 * day, century, { zero: true }),
    description: 'How long audit events, and the records of who read whose words, are kept; 0 keeps them for ever.',
    aliases: ['CODER_AUDIT_LOGS_RETENTION'],
  }),
  retention: option('AI Bridge', '190d', {
    ...bridgeNames('RETENTION'),
    type: types.duration(day, century, { zero: true }),
    description: 'How long prompts, answers, tool inputs and results, and exact bytes are kept; 0 keeps them for ever.',
  }),
  metadataRetention: optional<number>('AI Bridge', {
    ...bridgeNames('METADATA_RETENTION'),
    type: types.duration(day, century, { zero: true }),
    fallbackLabel: `${metadataDays}d, or as long as the content`,
    description:
      'How long it is kept who asked which model when, with what outcome and how many tokens; 0 keeps it for ever.',
  }),
  usageRetention: option('AI Bridge', '0', {
    ...bridgeNames('USAGE_RETENTION'),
    type: types.duration(day, century, { zero: true }),
    description: 'How long the hourly sums of usage are kept; 0 keeps them for ever.',
  }),
  boundaryRetention: option('Operation', '190d', {
    env: 'REEVE_BOUNDARY_RETENTION',
    yaml: 'boundary.retention',
    type: types.duration(day, century, { zero: true }),
    description: 'How long it is kept what boundaries decided; 0 keeps it for ever.',
  }),
  retentionMinimum: optional<PerClass>('Operation', {
    env: 'REEVE_RETENTION_MINIMUM',
    yaml: 'retention.minimum',
    type: perClass,
    fallbackLabel: 'none',
    description: 'The shortest that organizations may decide on, as in content=184d,metadata=366d.',
  }),
  retentionMaximum: optional<PerClass>('Operation', {
    env: 'REEVE_RETENTION_MAXIMUM',
    yaml: 'retention.maximum',
    type: perClass,
    fallbackLabel: 'none',
    description: 'The longest that organizations may decide on, as in content=190d.',
  }),
} as const

export type RetentionValues = {
  readonly [K in keyof typeof retentionOptions]: (typeof retentionOptions)[K] extends Option<infer T> ? T : never
}

export interface RetentionSettings {
  readonly keepDays: KeepDays
  readonly bounds: Bounds
}

export function retentionSettings(values: RetentionValues): RetentionSettings {
  const content = daysOf(values.retention)
  const audit = daysOf(values.auditRetention)
  const boundary = daysOf(values.boundaryRetention)
  const longest = isShorter(metadataDays, content) ? content : metadataDays
  const metadata = values.metadataRetention === null ? longest : daysOf(values.metadataRetention)
  return {
    // The audit log has an event for each reading: neither tells more than the other.
    keepDays: { content, metadata, usage: daysOf(values.usageRetention), reads: audit, boundary, audit },
    bounds: { minimumDays: values.retentionMinimum ?? {}, maximumDays: values.retentionMaximum ?? {} },
  }
}

/** Whole days are removed: a part of one is kept like all of it. */
const daysOf = (ms: number): number => Math.ceil(ms / day)

export function retentionContradictions(
  values: RetentionValues,
  refuse: (name: keyof RetentionValues, detail: string) => void,
): void {
  const { keepDays, bounds } = retentionSettings(values)
  if (isShorter(keepDays.metadata, keepDays.content)) {
    refuse('metadataRetention', 'is shorter than REEVE_AIBRIDGE_RETENTION: words cannot outlive their request')
  }
  for (const dataClass of DataClass.options) {
    const [least, most] = [bounds.minimumDays[dataClass], bounds.maximumDays[dataClass]]
    if (least !== undefined && most !== undefined && isShorter(most, least)) {
      refuse('retentionMaximum', `is shorter for ${dataClass} than REEVE_RETENTION_MINIMUM`)
    } else if (bounded(dataClass, keepDays[dataClass], bounds) !== keepDays[dataClass]) {
      const name = least !== undefined && isShorter(keepDays[dataClass], least) ? 'Minimum' : 'Maximum'
      refuse(`retention${name}`, `does not allow what the deployment itself has for ${dataClass}`)
    }
  }
}
