/** What sinks may be sent beside the audit log: what went through the bridge, and what boundaries decided. */
export const recordStreams = ['interceptions', 'boundaries'] as const
export type RecordStream = (typeof recordStreams)[number]
