import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { setSecurityHeaders } from './browser.ts'
import { pathOf } from './front-door.ts'

/**
 * The dashboard's files, from memory. They are read once at the start, so that a request can never name a path on the
 * disk, and each is compressed when it is first asked for. Names under `assets/` carry a hash of their content and may be
 * kept for ever; everything else is asked for anew. A path that is no file is a page of the application.
 */
export interface StaticFiles {
  handle(req: IncomingMessage, res: ServerResponse): void
  readonly count: number
  /** SHA-256 in hex; null where there is no such file. */
  digest(path: string): string | null
}

type Encoding = 'br' | 'gzip' | 'identity'

interface StaticFile {
  readonly bytes: Buffer
  readonly type: string
  readonly etag: string
  readonly immutable: boolean
  readonly encoded: Map<Encoding, Promise<Buffer>>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
const compressible = /^(?:text\/|application\/|image\/svg)/
const packers: Readonly<Record<Exclude<Encoding, 'identity'>, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
}

export async function readStaticFiles(dir: string, options: { readonly https: boolean }): Promise<StaticFiles> {
  const files = await readFiles(dir)

  function handle(req: IncomingMessage, res: ServerResponse): void {
    const path = pathOf(req)
    const file = files.get(path) ?? (extname(path) === '' ? files.get('/index.html') : undefined)
    setSecurityHeaders(res, 'page', options.https)
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return text(res, 405, 'only GET is served here\n', { Allow: 'GET, HEAD' })
    if (files.size === 0) return text(res, 404, 'the dashboard is not built; `npm run build` builds it\n')
    if (file === undefined) return text(res, 404, 'there is no such file\n')
    res.setHeader('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    res.setHeader('ETag', file.etag)
    res.setHeader('Vary', 'Accept-Encoding')
    if (req.headers['if-none-match'] === file.etag) {
      res.writeHead(304).end()
      return
    }
    const encoding = bestEncoding(file, String(req.headers['accept-encoding'] ?? ''))
    inEncoding(file, encoding).then(
      (bytes) => {
        if (encoding !== 'identity') res.setHeader('Content-Encoding', encoding)
        res.writeHead(200, { 'Content-Type': file.type, 'Content-Length': bytes.length })
        res.end(bytes)
      },
      () => text(res, 500, 'the file could not be compressed\n'),
    )
  }

  return {
    handle,
    count: files.size,
    digest(path) {
      const file = files.get(path)
      return file === undefined ? null : createHash('sha256').update(file.bytes).digest('hex')
    },
  }
}

async function readFiles(dir: string): Promise<ReadonlyMap<string, StaticFile>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, StaticFile>()
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const full = join(entry.parentPath, entry.name)
    const path = `/${relative(dir, full).split(sep).join('/')}`
    const bytes = await readFile(full)
    files.set(path, {
      bytes,
      type: types[extname(path)] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`,
      immutable: path.startsWith('/assets/'),
      encoded: new Map(),
    })
  }
  return files
}

function bestEncoding(file: StaticFile, accepted: string): Encoding {
  if (!compressible.test(file.type) || file.bytes.length < 1024) return 'identity'
  const wants = (name: string) =>
    accepted.split(',').some((part) => {
      const [coding, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
      return coding === name && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
    })
  return wants('br') ? 'br' : wants('gzip') ? 'gzip' : 'identity'
}

function inEncoding(file: StaticFile, encoding: Encoding): Promise<Buffer> {
  const known = file.encoded.get(encoding)
  if (known !== undefined) return known
  const made = encoding === 'identity' ? Promise.resolve(file.bytes) : packers[encoding](file.bytes)
  file.encoded.set(encoding, made)
  return made
}

function text(res: ServerResponse, status: number, words: string, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...headers })
  res.end(words)
}
