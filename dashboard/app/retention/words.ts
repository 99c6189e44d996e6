import type { DataClass, RetentionPortion } from '@reeve/sdk'

export type OrganizationName = NonNullable<RetentionPortion['organization']>

export const classTitles: Readonly<Record<DataClass, string>> = {
  content: 'Content',
  metadata: 'Requests',
  usage: 'Usage',
  reads: 'Content reads',
  boundary: 'Boundary events',
  audit: 'Audit events',
}

/** 0 is for ever, everywhere. */
export const inWords = (days: number): string => (days === 0 ? 'for ever' : days === 1 ? '1 day' : `${days} days`)
