import { pause } from './truth.ts'

/** One thing that a chaos run breaks again and again. */
export interface Trouble {
  readonly name: string
  /** Breaks it, and returns when it can be broken again. False when there was nothing to break. */
  readonly strike: () => Promise<boolean>
  readonly gapMs: readonly [least: number, most: number]
}

/** How often each thing was broken. */
export type Strikes = Readonly<Record<string, number>>

/** How long things are broken: on a slow machine it takes longer until enough has been. */
export interface Span {
  readonly leastMs: number
  readonly mostMs: number
  /** Besides that each thing was broken once. */
  readonly isEnough?: () => boolean
}

/** Breaks things at random moments until the time is over: each of them one at a time, and any of them at once. */
export async function mayhem(
  troubles: readonly Trouble[],
  random: () => number,
  { leastMs, mostMs, isEnough = () => true }: Span,
): Promise<Strikes> {
  const startedMs = performance.now()
  const strikes: Record<string, number> = Object.fromEntries(troubles.map(({ name }) => [name, 0]))
  const isOver = (): boolean => {
    const ms = performance.now() - startedMs
    return ms >= mostMs || (ms >= leastMs && !Object.values(strikes).includes(0) && isEnough())
  }
  const untilDue = async (gapMs: number): Promise<void> => {
    for (const due = performance.now() + gapMs; performance.now() < due && !isOver();) await pause(100)
  }
  const ends = await Promise.allSettled(
    troubles.map(async ({ name, strike, gapMs: [least, most] }) => {
      for (;;) {
        await untilDue(least + random() * (most - least))
        if (isOver()) return
        if (await strike()) strikes[name] = (strikes[name] ?? 0) + 1
      }
    }),
  )
  // Only when nothing is being broken any more may a failure end the run.
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return strikes
}
