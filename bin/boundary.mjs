import { loadBoundary } from './load-boundary.mjs'

/** The command `boundary`, as `reeve boundary`: loads the boundary and nothing else. */
const { runBoundary } = await loadBoundary()
await runBoundary(process.argv.slice(2))
