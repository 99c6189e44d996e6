import { loadBundle } from './load-bundle.mjs'

/** The server's drain, in the process that `server/src/gateway/drain/drain.ts` starts for it. */
await loadBundle('drain')
