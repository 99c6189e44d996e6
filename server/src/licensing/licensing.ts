import { type Log, toError } from '@reeve/base'
import type { Registry } from 'prom-client'
import type { Route } from '../http/implement.ts'
import { repeating } from '../runtime/repeating.ts'
import { tendLicenses } from './jobs.ts'
import { registerLicenseMetrics } from './metrics.ts'
import { licensingRoutes } from './routes.ts'
import type { Licensing } from './standing.ts'

/** Licences and the meter, running. Builds are counted without it, by `countBuild`. */
export interface LicensingService extends AsyncDisposable {
  readonly routes: readonly Route[]
}

const everyMs = 60_000

export function startLicensing(
  options: Licensing & { readonly log: Log; readonly metrics: Registry },
): LicensingService {
  const { log, metrics, ...room } = options
  registerLicenseMetrics(metrics, room, log)
  const tending = repeating(
    () => tendLicenses(room),
    everyMs,
    (thrown) => log.warn({ err: toError(thrown) }, 'the licences could not be looked at'),
  )
  tending.again()
  return { routes: licensingRoutes(room), [Symbol.asyncDispose]: () => tending[Symbol.asyncDispose]() }
}
