/** Counts, and tells whoever waits for a number that it was reached. */
export function counter(): { add: () => void; reached: (count: number) => Promise<void> } {
  const waiting: { count: number; resolve: () => void }[] = []
  let value = 0
  return {
    add() {
      value++
      for (const { count, resolve } of waiting) if (value >= count) resolve()
    },
    reached: (count) =>
      new Promise((resolve) => {
        if (value >= count) resolve()
        else waiting.push({ count, resolve })
      }),
  }
}
