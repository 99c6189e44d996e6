import { Fault } from '@reeve/base'
import type { LicenseClaims } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { licenseAdded, licenseDeleted, licenseRefused } from './events.ts'
import { instantOf, presentMoment, stateOf } from './lifecycle.ts'
import { deleteLicense, insertLicense, noteMoment, selectDeployment } from './queries.ts'
import { readLicense } from './read-license.ts'
import type { Licensing, ReadLicense } from './standing.ts'

/** Adding and taking away licences. */

/** Issued so much after the present moment, it shows that this server's clock is wrong. */
const futureMs = 86_400_000

export async function addLicense(room: Licensing, scope: Scope, text: string): Promise<ReadLicense> {
  const { db, clock, keys } = room
  const deployment = await selectDeployment(db.sql)
  const { at } = presentMoment(clock.now(), deployment.seen_at)
  const reading = readLicense(text, keys, deployment.id)
  const problem = 'problem' in reading ? reading.problem : untimely(reading.claims, at)
  if (problem !== null || 'problem' in reading) {
    const said = problem ?? 'cannot be read as one'
    await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...licenseRefused(said) }))
    throw new Fault('invalid', `this licence ${said}`, { problems: [{ field: 'license', detail: said }] })
  }
  const { claims } = reading
  await noteMoment(db.sql, clock.now())
  const row = await db.transaction(async (tx) => {
    const added = await insertLicense(tx, {
      uuid: claims.jti,
      jwt: text.trim(),
      exp: instantOf(claims.exp),
      uploaded_at: clock.now(),
      uploaded_by: signedIn(scope).userId,
    })
    if (added === undefined) throw new Fault('conflict', `the licence ${claims.jti} is there already`)
    await appendAudit(tx, { scope, at: clock.now(), ...licenseAdded(added) })
    return added
  })
  return { row, reading }
}

function untimely(claims: LicenseClaims, at: Date): string | null {
  const end = instantOf(claims.exp)
  if (stateOf(claims, at) === 'ended') return `ended on ${end.toISOString().slice(0, 10)}`
  if (instantOf(claims.iat).getTime() <= at.getTime() + futureMs) return null
  return `was issued at ${instantOf(claims.iat).toISOString()}, which is in the future for this server: check its clock`
}

export async function removeLicense({ db, clock }: Licensing, scope: Scope, id: number): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await deleteLicense(tx, id)
    if (row === undefined) throw new Fault('not_found', 'there is no such licence')
    await appendAudit(tx, { scope, at: clock.now(), ...licenseDeleted(row) })
  })
}
