import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rolldown } from 'rolldown'
import { refuseMissing } from './whole-bundle.mjs'

/**
 * Makes the one file that workspaces fetch and run: the agent with all that it imports, as CommonJS, so that it runs under
 * any name and in any folder. Argument: the checkout.
 */
const [root = ''] = process.argv.slice(2)
const file = join(root, 'agent/dist/bin/reeve-agent.js')

const build = await rolldown({
  input: join(root, 'bin/run-agent.mjs'),
  platform: 'node',
  onLog: refuseMissing,
})
const { output } = await build.generate({ format: 'cjs', codeSplitting: false, minify: true })
await build.close()

mkdirSync(dirname(file), { recursive: true })
// Beside its place and then moved, so that nobody is served half of it.
const part = `${file}.${process.pid}`
try {
  writeFileSync(part, output[0].code)
  renameSync(part, file)
} finally {
  rmSync(part, { force: true })
}
