import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, parseDuration, toError, uuidv7 } from '@reeve/base'
import { LicenseClaims } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { readInstant } from '../instants.ts'
import { type Answer, one, raw } from '../output/answer.ts'
import { readText } from './policy-file.ts'

/** For whoever makes licences. No server is asked, and no private key leaves this machine. */

const daySeconds = 86_400
const kidPattern = /^[\w.-]{1,64}$/

interface KeyInput {
  readonly kid: string
  readonly out: string | undefined
}

export async function makeKey(context: Context, { kid, out }: KeyInput): Promise<Answer> {
  checkKid(kid)
  if (out === undefined) throw new Fault('invalid', '--out is missing', { fix: 'say where the private key goes' })
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const path = resolve(context.io.cwd, out)
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' }).catch(
    (thrown: unknown) => {
      throw new Fault('invalid', `cannot write ${path}: ${toError(thrown).message}`, { cause: thrown })
    },
  )
  const setting = `${kid}:${Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`
  context.note(`the private key is in ${path}; servers are told REEVE_LICENSE_PUBLIC_KEYS=${setting}`)
  return one({ setting }, [{ name: 'public_key', value: (row) => row.setting, priority: 0 }], () => setting)
}

interface LicenseInput {
  readonly kid: string
  readonly key: string | undefined
  readonly account: string | undefined
  readonly deployment: readonly string[]
  readonly builds: number | undefined
  readonly users: number | undefined
  readonly from: string | undefined
  readonly days: number | undefined
  readonly graceDays: number | undefined
  readonly trial: boolean
}

export async function makeLicense(context: Context, input: LicenseInput): Promise<Answer> {
  checkKid(input.kid)
  if (input.key === undefined) throw new Fault('invalid', '--key is missing', { fix: 'name the private key' })
  const key = privateKeyOf(await readText(context, input.key))
  const claims = claimsOf(context, input)
  const [header, payload] = [{ alg: 'EdDSA', kid: input.kid, typ: 'JWT' }, claims].map(encoded)
  const signature = sign(null, Buffer.from(`${header}.${payload}`), key).toString('base64url')
  return raw([`${header}.${payload}.${signature}\n`])
}

function claimsOf(context: Context, input: LicenseInput): LicenseClaims {
  const { account, deployment, builds, users, from, days = 365, graceDays = 30, trial } = input
  const now = context.io.clock.now()
  const begin = from === undefined ? now : readInstant(from, now, context.timeZone, parseDuration)
  const nbf = Math.floor(begin.getTime() / 1_000)
  const license_expires = nbf + days * daySeconds
  const claims = LicenseClaims.safeParse({
    version: 3,
    jti: uuidv7(now),
    iat: Math.floor(now.getTime() / 1_000),
    nbf,
    license_expires,
    exp: license_expires + graceDays * daySeconds,
    ...(account === undefined ? {} : { account_id: account }),
    ...(deployment.length === 0 ? {} : { deployment_ids: deployment }),
    ...(trial ? { trial } : {}),
    features: {
      ...(builds === undefined ? {} : { managed_agent_limit: builds }),
      ...(users === undefined ? {} : { user_limit: users }),
    },
  })
  if (claims.success) return claims.data
  const problems = claims.error.issues.map(({ path, message }) => ({ field: path.join('.'), detail: message }))
  throw new Fault('invalid', 'no server would take such a licence', { problems })
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

function privateKeyOf(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below: what is in the file is nobody's business.
  }
  throw new Fault('invalid', 'the file has no Ed25519 private key', { fix: 'make one with reeve licenses make-key' })
}

function checkKid(kid: string): void {
  if (kidPattern.test(kid)) return
  throw new Fault('invalid', 'a key is named with letters, digits, dots, dashes and underscores, at most 64')
}
