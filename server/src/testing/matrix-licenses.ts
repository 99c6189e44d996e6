import { systemClock } from '@reeve/base'
import { countBuild } from '../licensing/ledger.ts'
import { testBuild } from '../licensing/testing.ts'
import { type Entry, gate, type Known, once } from './matrix-entry.ts'
import { idsIn } from './matrix-people.ts'
import type { MatrixWorld } from './matrix-world.ts'

/** The routes of licences and of the meter. */

/** A build of each, and by what access to it is decided. */
export function buildsOfEach({ db, home, abroad, askers, peer, stranger }: MatrixWorld): Promise<Known[]> {
  const people = new Map([peer, stranger, ...askers.map(({ person }) => person)].map((person) => [person.id, person]))
  return Promise.all(
    [...people.values()].map(async ({ id: ownerId, username }): Promise<Known> => {
      const organizationId = ownerId === stranger.id ? abroad : home
      const build = testBuild({
        owner: { id: ownerId, name: username },
        organization: { id: organizationId, name: organizationId },
      })
      await db.transaction((tx) => countBuild(tx, build, systemClock.now()))
      return { id: build.id, permission: 'usage:read', object: { ownerId, organizationId } }
    }),
  )
}

export const licenseEntries = (known: readonly Known[]) =>
  ({
    listLicenses: once('license:read'),
    addLicense: gate({ body: { license: 'none' }, answers: 400 }),
    deleteLicense: gate({ params: { id: '1' }, answers: 404 }),
    getEntitlements: gate(),
    refreshEntitlements: gate(),
    listAgentWorkspaceBuilds: gate({
      query: 'limit=1000',
      list: { ids: (json) => idsIn(json, 'builds'), known },
    }),
    exportAgentWorkspaceBuilds: gate(),
    getDailyAgentWorkspaceBuilds: gate(),
    getBuildMeter: once('license:read'),
  }) satisfies Record<string, Entry>
