import type { endpoints } from '@reeve/sdk'

/** What the status endpoint answers. */
export type BridgeStatus = ReturnType<(typeof endpoints)['getBridgeStatus']['result']['parse']>
