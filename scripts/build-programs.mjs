import { ensureBundles } from '../bin/load-bundle.mjs'

/** Part of `npm run build`: the files that the programs start from, for users who may not write to the checkout. */
const missing = ensureBundles()
if (missing.length > 0)
  process.stderr.write(`reeve: these start from their sources, more slowly: ${missing.join(', ')}\n`)
