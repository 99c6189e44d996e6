import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { LicenseClaims } from '@reeve/sdk'
import { SignJWT } from 'jose'
import type { FinishedBuild } from './counts.ts'
import type { PublicKeys } from './public-keys.ts'

/** Licences signed by a library that is not ours, and builds as the transaction that ends them has them. */

export interface TestIssuer {
  readonly keys: PublicKeys
  readonly privateKey: KeyObject
  sign(claims: Partial<LicenseClaims>, header?: object): Promise<string>
}

const kid = 'test'

export function testIssuer(): TestIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    keys: new Map([[kid, Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')]]),
    privateKey,
    sign: (claims, header = {}) =>
      new SignJWT(JSON.parse(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT', ...header })
        .sign(privateKey),
  }
}

const secondsOf = (at: Date): number => Math.floor(at.getTime() / 1_000)
const daySeconds = 86_400

/** From this moment on for a year, and honoured for 30 days more. */
export function testClaims(from: Date, claims: Partial<LicenseClaims> = {}): LicenseClaims {
  const start = secondsOf(from)
  return {
    version: 3,
    jti: uuidv7(from),
    iat: start,
    nbf: start,
    license_expires: start + 365 * daySeconds,
    exp: start + 395 * daySeconds,
    features: { managed_agent_limit: 5_000 },
    ...claims,
  }
}

const id = (): Uuid => uuidv7(systemClock.now())
const named = (name: string) => ({ id: id(), name })

/** A task was created and its workspace started, unless said otherwise. */
export const testBuild = (build: Partial<FinishedBuild> = {}): FinishedBuild => ({
  id: id(),
  job: 'succeeded',
  transition: 'start',
  number: 1,
  reason: 'initiator',
  organization: named('acme'),
  template: named('claude-code'),
  templateVersion: named('brave_otter1'),
  owner: named('dana'),
  workspace: named('dana-task-1'),
  task: { ...named('write-tests'), isDeleted: false },
  ...build,
})
