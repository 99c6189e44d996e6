import { createHash, createHmac } from 'node:crypto'
import type { SeenRequest } from './http-requests.ts'

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

/**
 * Whether Amazon would take the request: whether its signature (Signature Version 4) is that of the secret over the path,
 * the headers that it names and the body, all as they came over the wire.
 */
export function isSignedWith(request: SeenRequest, secret: string): boolean {
  const [authorization = ''] = request.header('authorization')
  const [, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? []
  const [path = '', query = ''] = request.path.split('?')
  const twice = path.replaceAll('%', '%25')
  const headers = names.split(';').map((name) => `${name}:${request.header(name).join(',').trim()}\n`)
  const canonical = [request.method, twice, query, headers.join(''), names, sha256(request.body)].join('\n')
  const text = ['AWS4-HMAC-SHA256', request.header('x-amz-date')[0], scope, sha256(canonical)].join('\n')
  const key = scope.split('/').reduce<Buffer | string>((by, part) => hmac(by, part), `AWS4${secret}`)
  return signature === hmac(key, text).toString('hex')
}
