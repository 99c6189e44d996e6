import { eachEndpoint as endpoints, type GroupSync, type OrganizationSync, type RoleSync } from '@reeve/sdk'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { TestResult } from './test-result.tsx'

/** Settings as they are written, some or all of them. */
export interface Edited {
  readonly organization?: OrganizationSync
  readonly groups?: Record<string, GroupSync>
  readonly roles?: Record<string, RoleSync>
}

/** A test login to go through, and what it showed. `begun` is one from before. */
export function useTryOut(begun?: string) {
  const [trying, setTrying] = useState<{ readonly id: string; readonly url: string } | null>(null)
  const id = trying?.id ?? begun
  return {
    tryOut: async (body: Edited) => setTrying(await client.call(endpoints.createTestLogin, { body })),
    shown: (
      <>
        {trying !== null && (
          <p role="status" className="rounded-lg border border-line px-3 py-2">
            <a href={trying.url} target="_blank" rel="noopener" className="text-link underline">
              Open the test login
            </a>{' '}
            and sign in at the provider. Nothing of it is saved; what it showed appears here.
          </p>
        )}
        {id !== undefined && <TestResult id={id} />}
      </>
    ),
  }
}
