import { Fault } from '@reeve/base'
import { type Endpoint, endpoints, openApiDocument, sockets } from '@reeve/sdk'
import { statusOf } from './faults.ts'
import { implement, implementBytes, type Route } from './implement.ts'

interface Setting {
  readonly name: string
  readonly env: string
  readonly flag: string
  readonly yaml: string
  readonly description: string
  readonly value: string
  readonly default: string
  readonly source: 'default' | 'file' | 'environment' | 'flag'
}

export function apiDocument(version: string): Record<string, unknown> {
  const contract: readonly Endpoint[] = Object.values(endpoints)
  return openApiDocument(contract, { version, statusOf, sockets: Object.values(sockets) })
}

/** What the server says about itself. */
export function deploymentRoutes(facts: {
  readonly version: string
  readonly deploymentId: string
  readonly accessUrl: string
  readonly settings: readonly Setting[]
  readonly isReady: () => boolean
}): Route[] {
  // A tenth of the work of a start, for what few ask for.
  let document: Record<string, unknown> | null = null
  return [
    implementBytes(endpoints.getHealth, () => {
      if (!facts.isReady()) throw new Fault('unavailable', 'the server is not ready')
      return { bytes: Buffer.from('OK'), contentType: 'text/plain; charset=utf-8', fileName: null }
    }),
    implement(endpoints.getOpenApi, () => (document ??= apiDocument(facts.version))),
    implement(endpoints.getBuildInfo, () => ({
      version: facts.version,
      dashboard_url: facts.accessUrl,
      external_url: facts.accessUrl,
      deployment_id: facts.deploymentId,
      telemetry: false,
    })),
    implement(endpoints.getDeploymentConfig, () => ({ options: [...facts.settings] })),
  ]
}
