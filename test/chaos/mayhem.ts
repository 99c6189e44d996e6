/** What a chaos run can break, and how often it did. */
export interface Victim {
  /** SIGKILL, and up again. */
  crashServer(): Promise<void>
  /** Ends PostgreSQL without warning; it comes back by whoever supervises it. */
  crashDatabase(): Promise<boolean>
}

export interface Crashes {
  servers: number
  databases: number
}

/** Breaks things at random moments until the time is over. One thing at a time for each of the two. */
export async function mayhem(victim: Victim, random: () => number, forMs: number): Promise<Crashes> {
  const until = performance.now() + forMs
  const crashes: Crashes = { servers: 0, databases: 0 }
  // PostgreSQL dies both while the server is up and while it is starting.
  await Promise.all([
    untilOver(
      until,
      () => 1_000 + random() * 2_500,
      async () => {
        await victim.crashServer()
        crashes.servers++
      },
    ),
    untilOver(
      until,
      () => 4_000 + random() * 3_000,
      async () => {
        if (await victim.crashDatabase()) crashes.databases++
      },
    ),
  ])
  return crashes
}

async function untilOver(until: number, gapMs: () => number, act: () => Promise<void>): Promise<void> {
  for (;;) {
    const gap = gapMs()
    if (performance.now() + gap > until) break
    await new Promise((resolve) => setTimeout(resolve, gap))
    await act()
  }
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - performance.now())))
}
