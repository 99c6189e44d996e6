import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { Fault } from '@reeve/base'

const programs = ['terraform', 'tofu'] as const

/**
 * Fetches the modules of a template into its `.terraform/modules`, from where they are pushed along: a server without a
 * way to a registry then plans it as it is. Terraform does it, because it alone knows all the kinds of sources there are.
 */
export async function fetchModules(folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  for (const program of programs) {
    const outcome = await run(program, folder, env, signal)
    if (outcome === 'missing') continue
    if (outcome.code === 0) return
    const said = outcome.output.trim().split('\n').slice(-12).join('\n')
    throw new Fault('invalid', `${program} get failed in ${folder}: ${said}`)
  }
  throw new Fault('unavailable', 'the modules cannot be fetched: neither terraform nor tofu is in the PATH', {
    fix: 'install one of them, or copy the modules into folders of the template',
  })
}

async function run(program: string, cwd: string, env: NodeJS.ProcessEnv, signal: AbortSignal) {
  const child = spawn(program, ['get', '-no-color'], { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => ('code' in error && error.code === 'ENOENT' ? resolve(null) : reject(error)))
    child.once('close', (code) => resolve(code ?? -1))
  })
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return code === null ? ('missing' as const) : { code, output: `${out}\n${err}` }
}
