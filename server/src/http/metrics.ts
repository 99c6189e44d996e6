import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { Counter, Histogram, type Registry } from 'prom-client'

/** Requests of the management API by template, never by path: what a client can choose must not become a label. */
export interface HttpMetrics {
  observe(method: string, route: string, status: number, ms: number): void
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

export const knownMethod = (given = ''): string => (methods.has(given) ? given : 'other')

export function createHttpMetrics(registry: Registry): HttpMetrics {
  const requests = new Counter({
    name: 'reeve_http_requests_total',
    help: 'Requests to the management API.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'reeve_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  return {
    observe(given, route, status, ms) {
      const method = knownMethod(given)
      requests.inc({ method, route, status: String(status) })
      seconds.observe({ method, route }, ms / 1000)
    },
  }
}

/** What a scraper is shown. */
export interface ShownMetrics {
  readonly contentType: string
  metrics(): Promise<string>
}

/** A listener of its own, so that a scraper needs no credential and the public address shows nothing of it. */
export async function serveMetrics(
  registry: ShownMetrics,
  address: { readonly host: string; readonly port: number },
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((req, res) => {
    if (req.method !== 'GET' || req.url !== '/metrics') {
      res.writeHead(404, { 'Content-Type': 'text/plain' }).end('metrics are at /metrics\n')
      return
    }
    registry.metrics().then(
      (text) => res.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      () => res.writeHead(500, { 'Content-Type': 'text/plain' }).end('a metric could not be collected\n'),
    )
  })
  server.listen({ host: address.host, port: address.port })
  await once(server, 'listening')
  return {
    // SAFETY: a server that listens on host and port has an address of that kind.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
