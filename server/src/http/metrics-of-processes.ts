import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client'

type Metrics = readonly MetricObjectWithValues<MetricValue<string>>[]

/**
 * The numbers of several processes as those of one server: what is counted is added up, and of a state each metric says
 * which value stands for all. What a process had counted when it died stays counted, as far as somebody had looked.
 */
export interface MetricsOfProcesses {
  readonly contentType: string
  metrics(): Promise<string>
  /** This process is gone. */
  left(number: number): void
}

export function joinMetrics(own: Registry, ask: () => Promise<ReadonlyMap<number, Metrics>>): MetricsOfProcesses {
  const latest = new Map<number, Metrics>()
  let departed: Metrics = []
  let merging: Promise<void> = Promise.resolve()

  return {
    contentType: own.contentType,
    async metrics() {
      for (const [number, metrics] of await ask()) latest.set(number, metrics)
      await merging
      const all = [await own.getMetricsAsJSON(), departed, ...latest.values()]
      return AggregatorRegistry.aggregate(all).metrics()
    },
    left(number) {
      const last = latest.get(number)
      latest.delete(number)
      if (last === undefined) return
      // SAFETY: prom-client declares the type as a number of its enum, and writes it as a word.
      const counted = last.filter(({ type }) => ['counter', 'histogram'].includes(String(type)))
      merging = merging.then(async () => {
        departed = await AggregatorRegistry.aggregate([departed, counted]).getMetricsAsJSON()
      })
    },
  }
}
