import { loadBundle } from './load-bundle.mjs'

/** One of several gateway processes, which `server/src/app-processes.ts` starts. */
await loadBundle('gateway')
