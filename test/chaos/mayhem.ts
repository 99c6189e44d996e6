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

/** Breaks things at random moments until the time is over: each of them one at a time, and any of them at once. */
export async function mayhem(troubles: readonly Trouble[], random: () => number, forMs: number): Promise<Strikes> {
  const until = performance.now() + forMs
  const strikes: Record<string, number> = Object.fromEntries(troubles.map(({ name }) => [name, 0]))
  const ends = await Promise.allSettled(
    troubles.map(async ({ name, strike, gapMs: [least, most] }) => {
      for (;;) {
        const gap = least + random() * (most - least)
        if (performance.now() + gap > until) break
        await pause(gap)
        if (await strike()) strikes[name] = (strikes[name] ?? 0) + 1
      }
      await pause(Math.max(0, until - performance.now()))
    }),
  )
  // Only when nothing is being broken any more may a failure end the run.
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return strikes
}
