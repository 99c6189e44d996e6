import { loadBundle } from './load-bundle.mjs'

/** The command `boundary`, as `reeve boundary`: loads the boundary and nothing else. */
const { runBoundary } = await loadBundle('boundary')
await runBoundary(process.argv.slice(2))
