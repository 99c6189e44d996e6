import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const folder = resolve(import.meta.dirname, '../e2e/agents')
const modules = join(folder, 'node_modules')
const bin = join(modules, '.agents')

/**
 * Installs the real agent programs, once, into a package of their own, and gives a folder for PATH. Install scripts
 * stay off: Claude Code's script only copies the native program of this platform to where `claude` points, and a link
 * does the same.
 */
export async function installAgents(): Promise<{ readonly bin: string }> {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  const done = join(bin, 'installed')
  if (existsSync(done) && readFileSync(done, 'utf8') === lock) return { bin }
  // Test files run side by side; the kernel frees this lock however its holder ends.
  await promisify(execFile)('flock', ['package-lock.json', 'npm', 'ci', '--ignore-scripts'], { cwd: folder })
  mkdirSync(bin, { recursive: true })
  const claude = join(bin, 'claude')
  rmSync(claude, { force: true })
  symlinkSync(join(modules, '@anthropic-ai', `claude-code-linux-${process.arch}`, 'claude'), claude)
  writeFileSync(done, lock)
  return { bin }
}
