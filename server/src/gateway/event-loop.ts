import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Of the histogram's own timer, which is part of every delay that it sees. */
const resolutionMs = 20
const everyMs = 1_000

/**
 * How late this process was with what was due, half of the time within the last second. That a single piece of work took
 * long does not show in it; that every turn of the loop does, does.
 */
export function watchEventLoop(): Disposable & { delayMs(): number } {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  let delayMs = 0
  const timer = setInterval(() => {
    delayMs = histogram.count === 0 ? 0 : Math.max(0, histogram.percentile(50) / 1e6 - resolutionMs)
    histogram.reset()
  }, everyMs)
  timer.unref()
  return {
    delayMs: () => delayMs,
    [Symbol.dispose]() {
      clearInterval(timer)
      histogram.disable()
    },
  }
}
