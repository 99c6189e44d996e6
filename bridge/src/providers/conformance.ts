import assert from 'node:assert/strict'
import { routeRequest } from '../routes.ts'
import type { RefusalReason, WireFormat } from '../wire/wire-format.ts'
import type { Provider } from './provider.ts'

/** One thing that every provider keeps to. */
export interface ProviderPromise {
  readonly promise: string
  check(provider: Provider, samples: ProviderSamples): void
}

/** What the suite needs to know of a provider to try it out. */
export interface ProviderSamples {
  /** Bytes of a stream, in the provider's format, that ends properly. */
  readonly stream: Buffer
  /** A request body that asks for a stream of `model`. */
  readonly body: Buffer
  readonly model: string
  /** Where that request goes. */
  readonly path: string
}

const reasons: readonly RefusalReason[] = [
  'unauthenticated',
  'forbidden',
  'denied',
  'not_found',
  'invalid',
  'too_large',
  'unsupported_media_type',
  'too_slow',
  'limited',
  'throttled',
  'unavailable',
  'upstream_failed',
  'upstream_silent',
  'internal',
]

/** The suite that a new provider has to pass before anything else in the bridge hears of it. */
export const providerPromises: readonly ProviderPromise[] = [
  {
    promise: 'its name can be part of a path',
    check: ({ name }) => assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/),
  },
  {
    promise: 'its origin is a scheme, a host and a port, and holds no credentials',
    check: ({ origin }) => assert.equal(new URL(origin).origin, origin),
  },
  {
    promise: 'its routes match whole paths and nothing that only looks like them',
    check(provider) {
      for (const { path } of provider.routes)
        assert.ok(path.source.startsWith('^') && path.source.endsWith('$'), path.source)
      for (const path of [
        '',
        '/',
        '//',
        '/..',
        '/../v1/messages',
        '/v1/messages/../../admin',
        '/%2e%2e',
        '/x\u0000',
        '*',
        'http://a/',
      ]) {
        assert.equal(routeRequest(provider, 'POST', path), null, path)
      }
    },
  },
  {
    promise: 'a route without a record carries no body',
    check: ({ routes }) =>
      routes.filter(({ kind }) => kind === null).forEach(({ method }) => assert.notEqual(method, 'POST')),
  },
  {
    promise: 'a refusal has a status of its reason, a body in JSON with the message, and the length that it says',
    check(provider, samples) {
      const wire = wireOf(provider, samples)
      for (const reason of reasons) {
        const { status, headers, body } = wire.refusal({ reason, message: 'Say "this".' }, 'req_1')
        assert.ok(status >= 400 && status < 600, reason)
        assert.equal(headers[headers.indexOf('content-length') + 1], String(body.length))
        assert.ok(JSON.stringify(JSON.parse(body.toString())).includes(JSON.stringify('Say "this".')), reason)
        assert.equal(wire.readError(body).message, 'Say "this".')
      }
    },
  },
  {
    promise: 'only refusals that may go away by themselves invite to ask again',
    check(provider, samples) {
      const wire = wireOf(provider, samples)
      for (const reason of ['unauthenticated', 'forbidden', 'denied'] as const) {
        const { headers } = wire.refusal({ reason, message: 'no' }, null)
        assert.equal(headers[headers.indexOf('x-should-retry') + 1], 'false', reason)
      }
      assert.ok(!wire.refusal({ reason: 'unavailable', message: 'later' }, null).headers.includes('x-should-retry'))
    },
  },
  {
    promise:
      'the event that ends a stream is held back until it is known to, and an error of our own ends a stream too',
    check(provider, samples) {
      const { stream } = samples
      const wire = wireOf(provider, samples)
      const watcher = wire.watchTerminal(1024 * 1024)
      const passed: Buffer[] = []
      let terminal: Buffer | null = null
      for (const byte of stream) {
        const piece = watcher.push(Buffer.from([byte]))
        if (piece.events !== null) passed.push(piece.events)
        if (piece.terminal !== null) terminal = piece.terminal
      }
      // Where no event says that it is the last, it is the end of the stream that says it.
      const last = terminal ?? (watcher.whole() ? watcher.rest() : Buffer.alloc(0))
      assert.ok(last.length > 0)
      assert.deepEqual(Buffer.concat([...passed, last]), stream)
      const ended = wire
        .watchTerminal(1024 * 1024)
        .push(wire.streamError({ reason: 'upstream_failed', message: 'broke' }))
      assert.equal(ended.error?.message, 'broke')
    },
  },
  {
    promise: 'model and streaming are read out of a body, and out of broken ones nothing',
    check(provider, samples) {
      const { body, model, path } = samples
      const wire = wireOf(provider, samples)
      const scanned = wire.scan(body)
      assert.ok(scanned.ok)
      assert.deepEqual(
        [wire.requestFacts(body, scanned.scan, path).model, wire.requestFacts(body, scanned.scan, path).streaming],
        [model, true],
      )
      assert.equal(wire.scan(body.subarray(0, -1)).ok, false)
      assert.equal(wire.scan(Buffer.alloc(0)).ok, false)
    },
  },
]

/** The format of the route that the samples are of. */
function wireOf(provider: Provider, { path }: ProviderSamples): WireFormat {
  const routed = routeRequest(provider, 'POST', path)
  assert.ok(routed !== null, path)
  return routed.route.wire
}
