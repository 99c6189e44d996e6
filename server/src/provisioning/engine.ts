import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { type Log, toError } from '@reeve/base'

/** What runs the templates: Terraform or OpenTofu, which are one to a template. */
export interface Engine {
  readonly name: 'terraform' | 'tofu'
  readonly version: string
  readonly path: string
}

/** Why there is none, and what to do about it; both are shown to whoever pushes a template. */
export interface Missing {
  readonly name: null
  readonly problem: string
  readonly fix: string
}

const run = promisify(execFile)
const names = ['terraform', 'tofu'] as const
const oldest = [1, 1] as const

const fix =
  'install Terraform or OpenTofu, 1.1 or newer, on the machine that runs Reeve, in its PATH or named by ' +
  'REEVE_TERRAFORM_PATH'

/** The setting goes first, then PATH; a program that is named and does not work is not passed over in silence. */
export async function findEngine(
  setting: string | null,
  env: { readonly PATH?: string | undefined },
  log: Log,
): Promise<Engine | Missing> {
  if (setting !== null) {
    const found = isProgram(setting) ? await tryEngine(setting) : `there is no program at ${setting}`
    return typeof found === 'string' ? missing(`Terraform cannot be run: ${found}`) : found
  }
  const problems: string[] = []
  for (const name of names) {
    for (const folder of (env.PATH ?? '').split(delimiter).filter(isAbsolute)) {
      const path = join(folder, name)
      if (!isProgram(path)) continue
      const found = await tryEngine(path)
      if (typeof found !== 'string') return found
      log.warn({ path, problem: found }, 'a Terraform that cannot be used')
      problems.push(found)
    }
  }
  return missing(
    problems.length === 0
      ? 'Terraform is not installed: neither terraform nor tofu is in the PATH'
      : `Terraform cannot be run: ${problems.join('; ')}`,
  )
}

const missing = (problem: string): Missing => ({ name: null, problem, fix })

/** A text says why it cannot be used. */
async function tryEngine(path: string): Promise<Engine | string> {
  try {
    const env = { CHECKPOINT_DISABLE: '1', TF_CLI_CONFIG_FILE: '/dev/null', HOME: '/nonexistent' }
    const { stdout } = await run(path, ['version', '-json'], { env, timeout: 30_000, killSignal: 'SIGKILL' })
    const { terraform_version: version } = Object(JSON.parse(stdout))
    if (typeof version !== 'string') return `${path} does not say its version`
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
      return `${path} is version ${version}; ${oldest.join('.')} or newer is needed`
    }
    const { stdout: said } = await run(path, ['version'], { env, timeout: 30_000, killSignal: 'SIGKILL' })
    return { name: said.startsWith('OpenTofu') ? 'tofu' : 'terraform', version, path }
  } catch (thrown) {
    return `${path} does not run: ${toError(thrown).message.split('\n')[0]}`
  }
}

/** From some version on, where the two count alike. */
export function isAtLeast(engine: Pick<Engine, 'version'>, major: number, minor: number): boolean {
  const [has = 0, then = 0] = engine.version.split('.').map(Number)
  return has > major || (has === major && then >= minor)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
