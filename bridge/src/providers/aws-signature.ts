import { createHash, createHmac } from 'node:crypto'
import type { RequestToSign } from './provider.ts'

export interface AwsKey {
  readonly id: string
  readonly secret: string
  /** Of credentials that are good for a while only. */
  readonly sessionToken: string | null
}

/** The header pairs that sign a request (AWS Signature Version 4): the path, the query, the host and the body. */
export function awsSignature(
  key: AwsKey,
  { method, pathAndQuery, body, at }: RequestToSign,
  { host, region, service }: { readonly host: string; readonly region: string; readonly service: string },
): readonly string[] {
  const [path = '', query = ''] = pathAndQuery.split(/\?(.*)/s)
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const added = [['x-amz-date', time]]
  if (key.sessionToken !== null) added.push(['x-amz-security-token', key.sessionToken])
  const signed = [['host', host], ...added]
  const names = signed.map(([name]) => name).join(';')
  const canonical = [
    method,
    // The path as it is sent, escaped once more.
    path.split('/').map(escaped).join('/'),
    canonicalQuery(query),
    ...signed.map((pair) => pair.join(':')),
    '',
    names,
    sha256(body ?? ''),
  ].join('\n')
  const scope = [time.slice(0, 8), region, service, 'aws4_request']
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')
  const signingKey = scope.reduce<Buffer | string>((by, part) => hmac(by, part), `AWS4${key.secret}`)
  const signature = hmac(signingKey, text).toString('hex')
  const credential = `Credential=${key.id}/${scope.join('/')}`
  return [
    ...added.flat(),
    'authorization',
    `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  ]
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest()

/** As AWS escapes: all but letters, digits and `-._~`. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** Parameters in the order of their escaped names and values. */
function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query.replaceAll('+', '%2B'))].map(([name, value]) => [
    escaped(name),
    escaped(value),
  ])
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return pairs
    .sort(([a = '', v = ''], [b = '', w = '']) => order(a, b) || order(v, w))
    .map((pair) => pair.join('='))
    .join('&')
}
