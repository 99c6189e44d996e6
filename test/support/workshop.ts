import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type RunningServer, startServer } from './server.ts'
import { whyNoTerraform } from './terraform/run-terraform.ts'
import { whySkipped } from './why-skipped.ts'
import { bootMachine, cliOf, type Machine, type Started } from './workspace-machine.ts'

/** A whole server that builds workspaces, and a folder in which its first owner has the command line. */
export interface Workshop {
  readonly server: RunningServer
  readonly folder: string
  reeve(...argv: string[]): ReturnType<ReturnType<typeof cliOf>>
  /** What a command prints that has to go well. */
  ran(...argv: string[]): Promise<string>
  /** Makes a template of this `main.tf`. */
  push(name: string, source: string): Promise<void>
  /** In place of a container, until the end of the test; its home is below the folder. */
  boot(started: Started, home: string, more?: Readonly<Record<string, string>>): Machine
}

export interface WorkshopOptions {
  /** Where something else that the tests need is not here. */
  readonly whyNot?: string | null
  /** Makes what has to be there before the server, and gives the server's environment. */
  readonly prepare?: (folder: string) => Promise<Readonly<Record<string, string>>>
  /** Makes what all tests share, once the server is there. */
  readonly ready?: (shop: Workshop) => Promise<void>
  /** Whether the workspaces are to run on this machine, which it may be unable to. */
  readonly local?: boolean
}

const root = resolve(import.meta.dirname, '../..')

/** For all tests of the file that calls it: there before the first of them, gone after the last. Where it cannot be they are skipped. */
export function workshop(what: string, options: WorkshopOptions = {}): Workshop {
  const { whyNot = null, prepare, ready, local = false } = options
  let why = whyNoTerraform(what) ?? whySkipped(what, whyNot)
  let opened: { readonly server: RunningServer; readonly folder: string } | null = null
  const machines: Machine[] = []
  const ends = new AsyncDisposableStack()

  beforeAll(async () => {
    if (why !== null) return
    expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
    const folder = mkdtempSync(join(tmpdir(), 'reeve-workshop-'))
    ends.defer(() => rmSync(folder, { recursive: true, force: true }))
    const server = ends.use(await startServer({ env: (await prepare?.(folder)) ?? {} }))
    opened = { server, folder }
    const refusal = /workspaces do not run on this machine.*/.exec(server.output())?.[0] ?? null
    if (local) why = whySkipped(what, refusal)
    if (why === null) await ready?.(shop)
  })
  beforeEach((context) => {
    if (why !== null) context.skip(why)
  })
  afterEach(() => {
    for (const machine of machines.splice(0)) machine.kill()
  })
  afterAll(() => ends.disposeAsync())

  const place = () => {
    if (opened === null) throw new Error('the server of these tests has not been started')
    return opened
  }
  const reeve = (...argv: string[]) => cliOf(place().server, place().folder)(...argv)
  const ran = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await reeve(...argv)
    expect(code, `${argv.join(' ')}\n${stdout}${stderr}`).toBe(0)
    return stdout
  }
  const push = async (name: string, source: string): Promise<void> => {
    mkdirSync(join(place().folder, name), { recursive: true })
    writeFileSync(join(place().folder, name, 'main.tf'), source)
    await ran('templates', 'push', name)
  }
  const shop: Workshop = {
    get server() {
      return place().server
    },
    get folder() {
      return place().folder
    },
    reeve,
    ran,
    push,
    boot(started, home, more) {
      const machine = bootMachine(started, join(place().folder, home), more)
      machines.push(machine)
      return machine
    },
  }
  return shop
}
