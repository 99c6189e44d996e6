import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { refuseMissing } from './whole-bundle.mjs'

/**
 * Makes the one file by which workspaces have the boundary, for Node.js 22 and newer, with its native helper packed into
 * comments at its end (`boundary/src/jail/packed-helper.ts` unpacks it). Where nothing compiles here, the helper's sources
 * alone go along. Arguments: the checkout, and another path for the file than where the control plane serves it from.
 */
const [root = '', file = join(root, 'agent/dist/bin/reeve-boundary.js')] = process.argv.slice(2)

const build = await rolldown({
  input: join(root, 'bin/run-workspace-boundary.mjs'),
  platform: 'node',
  onLog: refuseMissing,
  transform: { target: 'node22' },
})
const { output } = await build.generate({ format: 'cjs', codeSplitting: false, minify: true, comments: false })
await build.close()

/** @param {string | Buffer} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
/** @param {string | Buffer} bytes */
const packed = (bytes) => gzipSync(bytes, { level: 9 }).toString('base64')

const native = readdirSync(join(root, 'boundary/native')).filter((name) => /\.[ch]$/.test(name))
const paths = ['scripts/build-native.sh', ...native.toSorted().map((name) => `boundary/native/${name}`)]
const sources = JSON.stringify(Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])))
const lines = [`// sources ${sha256(sources)} ${packed(sources)}`]
const compiled = spawnSync('/bin/sh', [join(root, 'scripts/build-native.sh')], { encoding: 'utf8' })
if (compiled.status === 0) {
  const helper = readFileSync(compiled.stdout.trim())
  lines.push(`// helper ${process.arch} ${sha256(helper)} ${packed(helper)}`)
}

mkdirSync(dirname(file), { recursive: true })
// Beside its place and then moved, so that nobody is served half of it.
const part = `${file}.${process.pid}`
try {
  writeFileSync(part, `${output[0].code.trimEnd()}\n${lines.join('\n')}\n`)
  renameSync(part, file)
} finally {
  rmSync(part, { force: true })
}
