import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

/**
 * Makes one file of a program (`bin/load-bundle.mjs` says why). Arguments: the checkout, the program's first module, and
 * the path of the file. JavaScript, because whoever waits for it waits for a command to start.
 */
const [root = '', entry = '', bundle = ''] = process.argv.slice(2)

/** A module that asks where it lies is told so when the file is made. */
const ownPlace = {
  name: 'own-place',
  /** @param {string} code @param {string} id */
  transform: (code, id) =>
    code.includes('import.meta.')
      ? code
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(id)))
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
      : undefined,
}

const began = Date.now()
const build = await rolldown({
  input: join(root, entry),
  platform: 'node',
  logLevel: 'silent',
  plugins: [ownPlace],
  // The half that Node would take hands its `require` around, where nobody sees which parts it wants.
  resolve: { alias: { 'jsonc-parser': join(root, 'node_modules/jsonc-parser/lib/esm/main.js') } },
  // It looks for its native half beside itself.
  external: ['@node-rs/argon2'],
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

// Beside its place and then moved, so that two that make it at once do not see half of it.
const part = `${bundle}.${process.pid}`
try {
  writeFileSync(part, `// ${JSON.stringify({ root, inputs })}\n${code}`)
  renameSync(part, bundle)
} finally {
  rmSync(part, { force: true })
}
