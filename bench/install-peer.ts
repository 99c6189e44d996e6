import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

/** A product as npm has it: compared with, and never a dependency. */
export interface Peer {
  /** Of the folder that it is installed in. */
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly overrides?: Readonly<Record<string, string>>
  /** What starts it, below `node_modules`. */
  readonly script: string
}

const installMs = 180_000

/** The script that starts it, installed in a folder of its own if need be; or why it cannot be compared with. */
export async function installPeer(peer: Peer): Promise<{ readonly script: string } | { readonly skipped: string }> {
  const { name, dependencies, overrides = {} } = peer
  const folder = resolve(import.meta.dirname, `../node_modules/.cache/${name}`)
  const script = join(folder, 'node_modules', peer.script)
  if (existsSync(script)) return { script }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }))
  const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  // Its npm is to run on the Node that everything here runs on.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
  try {
    await promisify(execFile)('npm', npm, { cwd: folder, env, timeout: installMs })
    return existsSync(script) ? { script } : { skipped: 'the package is not what it was' }
  } catch (thrown) {
    const why =
      thrown instanceof Error ? thrown.message.split('\n').find((line) => /code E\w+|ENOENT/.test(line)) : null
    return { skipped: `no network: npm could not install it${why ? ` (${why.trim()})` : ''}` }
  }
}
