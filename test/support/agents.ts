import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const folder = resolve(import.meta.dirname, '../e2e/agents')
const bin = join(folder, 'node_modules/.agents')

const rustPlatforms: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' }

/** Where each agent's program is once its package is there: native ones of this platform, and one that Node runs. */
const programs: Readonly<Record<string, string>> = {
  claude: `@anthropic-ai/claude-code-linux-${process.arch}/claude`,
  codex: `@openai/codex-linux-${process.arch}/vendor/${rustPlatforms[process.arch]}-unknown-linux-musl/bin/codex`,
  'gemini.js': '@google/gemini-cli/bundle/gemini.js',
  'auggie.mjs': '@augmentcode/auggie/augment.mjs',
}

/**
 * The installation, run by whoever holds the lock. A test file that waited for it finds it done and leaves it alone: an
 * installation begins by removing the one before it, which another file may be running.
 */
const install = `
[ "$(cat node_modules/.agents/installed 2>/dev/null)" = "$LOCK" ] && exit
npm ci --ignore-scripts && mkdir -p node_modules/.agents && cd node_modules/.agents &&
${Object.entries(programs)
  .map(([name, path]) => `ln -sfn '../${path}' '${name}' &&`)
  .join('\n')}
printf %s "$LOCK" >installed`

/**
 * Installs the real agent programs, once, into a package of their own, and gives a folder with a link to each. Install
 * scripts stay off: Claude Code's only copies the native program of this platform to where `claude` points, and a link
 * does the same; those in Gemini's tree and Auggie's are for a keyring and a terminal, which they do without here.
 */
export async function installAgents(): Promise<{ readonly bin: string }> {
  const LOCK = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  const done = join(bin, 'installed')
  if (existsSync(done) && readFileSync(done, 'utf8') === LOCK) return { bin }
  // The kernel frees this lock however its holder ends.
  const env = { ...process.env, LOCK }
  await promisify(execFile)('flock', ['package-lock.json', 'sh', '-c', install], { cwd: folder, env })
  return { bin }
}
