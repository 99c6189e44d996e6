import { generateKeyPairSync } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Clock } from '@reeve/base'
import { certificatePem } from './certificate.ts'

/**
 * The certificate authority of one session. Its key is made when the session begins, stays in the memory of this process
 * and ends with it, so that nothing that lies anywhere can sign for a host. All servers' certificates share one key of
 * their own: it never leaves this process either.
 */
export interface Authority {
  readonly certificate: string
  /** What a server of this host shows: minted once, kept while it is young. */
  contextFor(host: string): SecureContext
}

const day = 86_400_000
const authorityDays = 90
/** Clocks inside and outside may differ, those of containers that slept most of all. */
const slackMs = 3_600_000

export function createAuthority({ clock, leavesMax = 1_000 }: { clock: Clock; leavesMax?: number }): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serverKey = server.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const began = clock.now().getTime()
  const issuer = {
    issuerName: 'Reeve boundary, this session',
    issuerKey: own.privateKey,
    issuerPublicKey: own.publicKey,
    notBefore: new Date(began - slackMs),
  }
  const end = began + authorityDays * day
  const certificate = certificatePem({
    ...issuer,
    commonName: issuer.issuerName,
    publicKey: own.publicKey,
    host: null,
    notAfter: new Date(end),
  })
  const leaves = new Map<string, { context: SecureContext; renewMs: number }>()

  function mint(host: string, nowMs: number): SecureContext {
    const cert = certificatePem({
      ...issuer,
      commonName: host,
      publicKey: server.publicKey,
      host,
      notBefore: new Date(nowMs - slackMs),
      notAfter: new Date(Math.min(nowMs + 2 * day, end)),
    })
    return createSecureContext({ key: serverKey, cert: cert + certificate, minVersion: 'TLSv1.2' })
  }

  return {
    certificate,
    contextFor(host) {
      const nowMs = clock.now().getTime()
      const known = leaves.get(host)
      if (known !== undefined && nowMs < known.renewMs) {
        // The one that was asked for last goes last.
        leaves.delete(host)
        leaves.set(host, known)
        return known.context
      }
      const leaf = { context: mint(host, nowMs), renewMs: nowMs + day }
      leaves.delete(host)
      leaves.set(host, leaf)
      for (const oldest of leaves.keys()) {
        if (leaves.size <= leavesMax) break
        leaves.delete(oldest)
      }
      return leaf.context
    },
  }
}
