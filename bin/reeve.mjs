import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { loadBundle } from './load-bundle.mjs'

/**
 * The command: loads the package of its subcommand and nothing else. JavaScript, because what is loaded before the
 * compile cache is on would have its types stripped at every start.
 */
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/compile'))

const argv = process.argv.slice(2)
if (argv[0] === 'server') {
  const { main } = await loadBundle('server')
  await main(argv.slice(1))
} else if (argv[0] === 'boundary') {
  const { runBoundary } = await loadBundle('boundary')
  await runBoundary(argv.slice(1))
} else if ((argv[0] === 'agent' && argv[1] === 'serve') || (argv[0] === 'agentapi' && argv[1] === 'server')) {
  const { main } = await import('../agent/src/driver/main.ts')
  await main(argv.slice(2))
} else if (argv[0] === 'agent') {
  const { main } = await import('../agent/src/main.ts')
  await main({ self: [process.execPath, import.meta.filename, 'agent'], argv: argv.slice(1) })
} else {
  const { main } = await loadBundle('cli')
  await main(argv)
}
