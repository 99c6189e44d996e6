import type { Clock } from '@reeve/base'
import { AccessRule, type BundlePayload, type PolicyBundle } from '@reeve/sdk'
import type { Executor } from '../db/database.ts'
import { type ForWhom, type InForce, selectInForce } from './policy-queries.ts'
import type { BundleSigner } from './signing-keys.ts'

/** How long a boundary may go on, or start, with what it has while it cannot reach the control plane. */
const validMs = 24 * 3_600_000

/** Long before it counts no longer. */
const sentAgainMs = validMs / 4

/** Whether a boundary gets its policy although it knows that version: what it has grows old. */
export const isSentAgain = ({ bundle_sent_at }: { readonly bundle_sent_at: Date }, now: Date): boolean =>
  now.getTime() - bundle_sent_at.getTime() > sentAgainMs

/** What holds for one boundary now, signed. */
export async function makeBundle(
  { db, signer, clock }: { readonly db: Executor; readonly signer: BundleSigner; readonly clock: Clock },
  whom: ForWhom,
): Promise<{ readonly version: number; readonly bundle: PolicyBundle }> {
  const now = clock.now()
  const inForce = await selectInForce(db, whom, now)
  const payload: BundlePayload = {
    version: inForce.version,
    issued_at: now.toISOString(),
    not_after: new Date(now.getTime() + validMs).toISOString(),
    organization: inForce.organization,
    layers: [...layersOf(inForce)],
    keys: [...(await signer.keys())],
  }
  return { version: inForce.version, bundle: await signer.sign(JSON.stringify(payload)) }
}

/** The layers in force and behind them the grants, each as a document of its own. */
export const layersOf = ({ layers, grants }: InForce): readonly BundlePayload['layers'][number][] => [
  ...layers,
  ...grants.map(({ id, rule, expires_at }) => ({
    scope: 'grant' as const,
    name: grantName(id),
    version: 1,
    document: grantDocument(grantName(id), rule, new Date(expires_at)),
  })),
]

/** The end of the id is what is random in it. */
export const grantName = (id: string): string => `access-${id.slice(-12)}`

/** The rule that was granted, as a policy that says nothing else. What is stored was validated when it was granted. */
export function grantDocument(name: string, stored: unknown, expiresAt: Date): string {
  const { host, port, tcp, methods, paths } = AccessRule.parse(stored)
  const http = {
    ...(methods.length === 0 ? {} : { methods }),
    ...(paths.length === 0 ? {} : { paths }),
  }
  const how = tcp ? { tcp: true } : Object.keys(http).length === 0 ? {} : { http }
  const rule = { id: name, host, ports: [port], ...how, expires: expiresAt.toISOString() }
  return JSON.stringify({ apiVersion: 'reeve/v1', name, network: { default: 'inherit', rules: [rule] } })
}
