import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

/** The built console as the server serves it: strict policy, compressed, any unknown path is the page itself. */

const dist = join(import.meta.dirname, '../dist')

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

export const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'"

const compressed = new Map<string, Buffer>()

export async function serveConsole(req: IncomingMessage, res: ServerResponse, pathname: string): Promise<void> {
  const asset = extname(pathname) in types ? pathname : '/index.html'
  const file = join(dist, normalize(asset))
  const bytes = file.startsWith(dist) ? await readFile(file).catch(() => null) : null
  if (bytes === null) return void res.writeHead(404).end('not found')
  const type = types[extname(file)] ?? 'application/octet-stream'
  res.setHeader('Content-Type', type)
  res.setHeader('Content-Security-Policy', contentPolicy)
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Referrer-Policy', 'no-referrer')
  res.setHeader('Cache-Control', asset.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (type.startsWith('font/') || !/\bbr\b/.test(String(req.headers['accept-encoding'] ?? '')))
    return void res.end(bytes)
  let packed = compressed.get(file)
  if (packed === undefined || asset === '/index.html') {
    packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
    compressed.set(file, packed)
  }
  res.setHeader('Content-Encoding', 'br')
  res.setHeader('Vary', 'Accept-Encoding')
  res.end(packed)
}
