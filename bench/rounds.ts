import type { LoadOptions, Measurement, Rig, SubjectName } from './rig.ts'

/** Settings of a whole run of the benchmark. */
export interface Plan {
  readonly rounds: number
  readonly measureMs: number
  readonly warmupMs: number
  /** How long each subject works under the same load before the first round: V8 compiles what is used often, for all of them. */
  readonly compileMs: number
  /** A run during which others used more of the machine than this is thrown away and repeated. */
  readonly foreignCoresMax: number
}

/** Medians over the rounds of one subject. Latencies are percentiles of a round first. */
export interface Summary {
  readonly perSecond: number
  readonly cpuMicros: number
  readonly cpuMicrosWithDrain: number
  readonly gatewayBusy: number
  readonly loadBusy: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
  readonly eventsPerSecond: number
  readonly eventDelayP50Ms: number
  readonly eventDelayP99Ms: number
  readonly residentMb: number
  readonly requests: number
  readonly wrongBodies: number
  readonly failures: readonly string[]
  /** The most that was used by others in a round that was kept. */
  readonly foreignCores: number
}

export type Summaries = Readonly<Record<Exclude<SubjectName, 'portkey'>, Summary>> & {
  readonly portkey: Summary | null
}

/** The same load on every subject, in turn within each round, so that a slow minute of the machine hits all of them. */
export async function inRounds(rig: Rig, plan: Plan, load: LoadOptions): Promise<Summaries> {
  const kept = new Map<SubjectName, Measurement[]>(rig.subjects.map(({ name }) => [name, []]))
  for (const subject of rig.subjects) {
    if (subject.pid !== null && plan.compileMs > 0) await rig.measure(subject, { ...load, measureMs: plan.compileMs })
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const subject of rig.subjects)
      kept.get(subject.name)!.push(await quietly(() => rig.measure(subject, load), plan))
  }
  const of = (name: SubjectName): Summary => summary(kept.get(name)!)
  const portkey = kept.has('portkey') ? of('portkey') : null
  return { direct: of('direct'), bare: of('bare'), reeve: of('reeve'), portkey }
}

/** Repeats a measurement while the machine is busy with other things; in the end keeps the quietest. */
export async function quietly(measure: () => Promise<Measurement>, plan: Plan): Promise<Measurement> {
  let best: Measurement | null = null
  for (let attempt = 0; attempt < 4; attempt++) {
    const found = await measure()
    if (best === null || found.foreignCores < best.foreignCores) best = found
    if (best.foreignCores <= plan.foreignCoresMax) break
  }
  return best!
}

export function summary(rounds: readonly Measurement[]): Summary {
  const mid = (value: (round: Measurement) => number): number => percentile(rounds.map(value), 0.5)
  return {
    perSecond: mid((round) => round.requests / round.seconds),
    cpuMicros: mid((round) => (round.cpuSeconds / Math.max(1, round.requests)) * 1e6),
    cpuMicrosWithDrain: mid((round) => (round.cpuSecondsWithDrain / Math.max(1, round.requests)) * 1e6),
    gatewayBusy: mid((round) => round.cpuSeconds / round.seconds),
    loadBusy: mid((round) => round.busy),
    p50Ms: mid((round) => percentile(round.latencyMs, 0.5)),
    p99Ms: mid((round) => percentile(round.latencyMs, 0.99)),
    firstByteP50Ms: mid((round) => percentile(round.firstByteMs, 0.5)),
    firstByteP99Ms: mid((round) => percentile(round.firstByteMs, 0.99)),
    eventsPerSecond: mid((round) => round.events / round.seconds),
    eventDelayP50Ms: mid((round) => percentile(round.eventDelayMs, 0.5)),
    eventDelayP99Ms: mid((round) => percentile(round.eventDelayMs, 0.99)),
    residentMb: mid((round) => round.residentBytes / 2 ** 20),
    requests: rounds.reduce((sum, round) => sum + round.requests, 0),
    wrongBodies: rounds.reduce((sum, round) => sum + round.wrongBodies, 0),
    failures: rounds.flatMap((round) => round.failures),
    foreignCores: Math.max(...rounds.map((round) => round.foreignCores)),
  }
}

export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
