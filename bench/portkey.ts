import type { Peer } from './install-peer.ts'

/**
 * Portkey's gateway. What a plain installation takes for its HTTP server answers every streaming request with 500, which
 * would be quick; the pinned version is one with which they work.
 */
export const portkeyVersion = '1.15.2'
export const portkey: Peer = {
  name: `portkey-${portkeyVersion}`,
  dependencies: { '@portkey-ai/gateway': portkeyVersion },
  overrides: { '@hono/node-server': '1.14.1' },
  script: '@portkey-ai/gateway/build/start-server.js',
}

/** What it wants to be told with each request. */
export function portkeyHeaders(providerPort: number): string {
  return `x-portkey-provider: anthropic\r\nx-portkey-custom-host: http://127.0.0.1:${providerPort}/v1\r\n`
}
