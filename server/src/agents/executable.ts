import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import { type Log, toError } from '@reeve/base'
import { pathOf } from '../http/front-door.ts'

/**
 * The agent as one program that needs no Node.js, for machines like the server's own: the same Node.js with the bundle in
 * it (nodejs.org/api/single-executable-applications.html, of version 26). It is made when a machine first asks for it, and
 * kept in the data directory until the bundle or Node.js is another.
 */
export interface AgentExecutable {
  /** False where the path is none of its. */
  handle(req: IncomingMessage, res: ServerResponse): boolean
}

/** What there is under `/bin/`: the program, packed, its checksum, and the one library of it that a bare machine lacks. */
export const executableName = `reeve-agent-${process.platform}-${process.arch}`
export const executableFiles = {
  program: executableName,
  packed: `${executableName}.gz`,
  checksum: `${executableName}.sha256`,
  library: `${executableName}-libatomic.so.1`,
} as const

/** Before this version Node.js makes no such program by itself. */
const nodeMajorLeast = 26

export const offersExecutable =
  process.platform === 'linux' && Number(process.versions.node.split('.')[0]) >= nodeMajorLeast

interface ExecutableOptions {
  readonly bundle: string
  readonly folder: string
  readonly log: Log
}

export function createAgentExecutable(options: ExecutableOptions): AgentExecutable {
  const names = new Set<string>(Object.values(executableFiles))
  let making: Promise<string> | null = null

  /** One after the other wait for the same; what failed is tried again by the next who asks. */
  function made(): Promise<string> {
    making ??= make(options).catch((thrown: unknown) => {
      making = null
      throw thrown
    })
    return making
  }

  async function answer(name: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const folder = await made()
    const file = join(folder, name)
    const { size } = await stat(file)
    const tag = `"${basename(folder)}"`
    res.setHeader('ETag', tag)
    res.setHeader('Cache-Control', 'no-cache')
    if (req.headers['if-none-match'] === tag) return void res.writeHead(304).end()
    res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size })
    if (req.method === 'HEAD') return void res.end()
    await pipeline(createReadStream(file), res)
  }

  return {
    handle(req, res) {
      const name = pathOf(req).slice('/bin/'.length)
      if (!offersExecutable || !names.has(name) || (req.method !== 'GET' && req.method !== 'HEAD')) return false
      answer(name, req, res).catch((thrown: unknown) => {
        if (res.headersSent) return void res.destroy()
        options.log.error({ err: toError(thrown) }, 'the agent as one program cannot be served')
        res.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8' })
        res.end('the agent as one program is not there; the log of the server says why\n')
      })
      return true
    },
  }
}

/** The folder with the files, which is named for what they are made of. */
async function make({ bundle, folder, log }: ExecutableOptions): Promise<string> {
  const of = createHash('sha256')
    .update(await readFile(bundle))
    .update(process.version)
    .digest('hex')
    .slice(0, 16)
  const ready = join(folder, of)
  if (await isThere(ready)) return ready
  const part = join(folder, `${of}.${process.pid}.part`)
  await mkdir(part, { recursive: true })
  try {
    const program = join(part, executableFiles.program)
    const settings = join(part, 'sea.json')
    await writeFile(settings, JSON.stringify({ main: bundle, output: program, disableExperimentalSEAWarning: true }))
    await promisify(execFile)(process.execPath, ['--build-sea', settings])
    await rm(settings)
    const digest = createHash('sha256')
    await pipeline(createReadStream(program), digest)
    await writeFile(join(part, executableFiles.checksum), `${digest.digest('hex')}  ${executableFiles.program}\n`)
    const packed = createWriteStream(join(part, executableFiles.packed))
    await pipeline(createReadStream(program), createGzip(), packed)
    const library = libraryInUse()
    if (library !== null) {
      await pipeline(createReadStream(library), createWriteStream(join(part, executableFiles.library)))
    }
    await moveIntoPlace(part, ready)
  } finally {
    await rm(part, { recursive: true, force: true })
  }
  for (const old of await readdir(folder)) {
    if (old !== of && !old.endsWith('.part')) await rm(join(folder, old), { recursive: true, force: true })
  }
  log.info({ folder: ready }, 'the agent is there as one program')
  return ready
}

/** Another process of the same data directory may have been first. */
async function moveIntoPlace(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (thrown: unknown) => {
    if (!(await isThere(to))) throw thrown
  })
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Node.js is linked against libatomic, which a bare Debian does not have: the one that this process runs with. */
function libraryInUse(): string | null {
  // SAFETY: what Node.js documents of its report.
  const { sharedObjects } = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] }
  return sharedObjects.find((path) => /\/libatomic\.so/.test(path)) ?? null
}
