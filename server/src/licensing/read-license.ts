import { LicenseClaims } from '@reeve/sdk'
import { z } from 'zod'
import { verifySignature } from '../audit/proof.ts'
import type { PublicKeys } from './public-keys.ts'

/** Of a licence that is genuine and counts at this deployment, whatever the time; or why it is not and does not. */
export type Reading = { readonly claims: LicenseClaims } | { readonly problem: string }

/** The one algorithm there is. What a header asks for beyond it is not understood, and so the licence is not. */
const Header = z.object({ alg: z.literal('EdDSA'), kid: z.string().max(64), crit: z.never().optional() })

const isBase64url = (text: string): boolean => /^[\w-]+$/.test(text)

/** A JWT in its compact form (RFC 7519), signed with Ed25519 (RFC 8037) by one of the keys. */
export function readLicense(text: string, keys: PublicKeys, deploymentId: string): Reading {
  const [header = '', payload = '', signature = '', ...more] = text.trim().split('.')
  if (more.length > 0 || ![header, payload, signature].every(isBase64url)) return { problem: 'cannot be read as one' }
  const head = Header.safeParse(jsonOf(header))
  if (!head.success) return { problem: 'cannot be read as one' }
  const key = keys.get(head.data.kid)
  if (key === undefined)
    return { problem: `is signed with the key ${JSON.stringify(head.data.kid)}, which is not known` }
  if (!verifySignature(key, Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url'))) {
    return { problem: 'was changed after it was signed, or was not signed by whom it says' }
  }
  const claims = LicenseClaims.safeParse(jsonOf(payload))
  if (!claims.success) {
    const [issue] = claims.error.issues
    return { problem: `is signed and not understood: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim() }
  }
  const { deployment_ids: deployments = [] } = claims.data
  if (deployments.length > 0 && !deployments.includes(deploymentId)) {
    return { problem: `is for another deployment; this one is ${deploymentId}` }
  }
  return { claims: claims.data }
}

function jsonOf(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
