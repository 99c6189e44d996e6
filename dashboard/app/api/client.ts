import { createClient } from '@reeve/sdk'

/** The public API of the deployment that served this page; the session cookie says who asks. */
export const client = createClient({ url: '' })
