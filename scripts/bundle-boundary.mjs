import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Makes one file of the boundary (`bin/load-boundary.mjs` says why). Arguments: the checkout, and the path of the file.
 * JavaScript, because whoever waits for it waits for a command to start.
 */
const [root = '', bundle = ''] = process.argv.slice(2)

/** A module that asks where it lies is told so when the file is made. */
const ownFolder = {
  name: 'own-folder',
  /** @param {string} code @param {string} id */
  transform: (code, id) =>
    code.includes('import.meta.dirname')
      ? code.replaceAll('import.meta.dirname', JSON.stringify(dirname(id)))
      : undefined,
}

const began = Date.now()
const build = await rolldown({
  input: join(root, 'bin/run-boundary.mjs'),
  platform: 'node',
  logLevel: 'silent',
  plugins: [ownFolder],
})
const { output } = await build.generate({ format: 'cjs', codeSplitting: false })
await build.close()

const [{ code, moduleIds }] = output
const inputs = moduleIds
  .filter((id) => id.startsWith('/'))
  .map((id) => {
    const { size, mtimeMs } = statSync(id)
    // It may have changed again within the same second, and nobody would see it later.
    if (mtimeMs > began - 2_000) throw new Error(`${id} has just been changed`)
    return [relative(root, id), size, Math.floor(mtimeMs / 1_000)]
  })

mkdirSync(dirname(bundle), { recursive: true })
// Beside its place and then moved, so that two that make it at once do not see half of it.
const part = `${bundle}.${process.pid}`
try {
  writeFileSync(part, `// ${JSON.stringify(inputs)}\n${code}`)
  renameSync(part, bundle)
} finally {
  rmSync(part, { force: true })
}
