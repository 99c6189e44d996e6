import { loadBundle } from './load-bundle.mjs'

/** The command `boundary`, as `reeve boundary`: loads the boundary and nothing else. */
const { runBoundary } = await loadBundle('boundary', 'bin/run-boundary.mjs')
await runBoundary(process.argv.slice(2))
