/**
 * Attacks on the bridge, by the numbers under which they were planned. Groups: G authentication and headers, L leaks,
 * H connections, J bodies, U providers, S streams. Each is held by a test: one of this folder whose title begins with the
 * number, or one that stands beside the code. What is not held yet says why.
 */
export type Proof =
  { readonly here: true } | { readonly file: string; readonly title: string } | { readonly open: string }

const here: Proof = { here: true }
const by = (file: string, title: string): Proof => ({ file, title })
const notYet = (why: string): Proof => ({ open: why })

const bridge = 'bridge/src/bridge.test.ts'
const relay = 'bridge/src/relay.test.ts'
const gateway = 'server/src/gateway/gateway.test.ts'
const credential = 'server/src/gateway/credential.test.ts'
const frontDoor = 'server/src/http/front-door.test.ts'
const badInput = 'test/e2e/bad-input.test.ts'
const badProvider = 'test/e2e/bad-provider.test.ts'
const disconnect = 'bridge/src/disconnect.test.ts'
const canary = by('server/src/canary.test.ts', 'no secret is anywhere but where it was handed out')
const refusedTokens =
  'a missing, malformed, unknown, expired, revoked or other-scope token is refused in the shape of the provider'

export const cases: Readonly<Record<string, readonly Proof[]>> = {
  G1: [by(gateway, refusedTokens)],
  G2: [here, by('server/src/identity/tokens/token.test.ts', 'nothing else is a token, however long')],
  G3: [by(gateway, refusedTokens)],
  G4: [by('server/src/revocation.test.ts', 'an answer under way on one server is cut when, on the other, $happens')],
  G5: [by('server/src/revocation.test.ts', 'an answer under way on one server is cut when, on the other, $happens')],
  G6: [by(badInput, 'a token of the API scope may not call models, and one of the gateway scope may do nothing else')],
  G7: [
    by('server/src/identity/tokens/workspace-tokens.test.ts', 'it calls models as the owner and does nothing else'),
    by(
      'server/src/workspace-tokens-elsewhere.test.ts',
      'a token of one workspace that the agent of another one uses is refused, counted and noted',
    ),
  ],
  G8: [
    by(credential, 'a credential in the URL is refused, whatever the headers say'),
    by(bridge, 'a token in the URL is refused and goes nowhere'),
  ],
  G9: [by(credential, 'two tokens, or one header twice, are refused instead of guessed about')],
  G10: [by(gateway, 'one auth header sent twice is refused, also when both are the same')],
  G11: [by(frontDoor, 'requests that two servers would read differently are refused')],
  G12: [here],
  G13: [here],
  G14: [here],
  G15: [here],
  G16: [by('server/src/http/source-address.test.ts', 'what a client writes about itself is not believed')],
  G17: [
    by('server/src/identity/tokens/token.test.ts', 'a token can be read back to its id and the hash of its secret'),
  ],
  G18: [here],
  G19: [by(gateway, 'a flood of bad tokens is told to stop, and a good token passes from the same address')],

  L1: [canary],
  L2: [here, by(relay, 'the provider’s key is masked wherever the provider repeats it')],
  L3: [by(relay, 'a provider that cannot be reached is a 502, whose text holds no address')],
  L4: [
    by(
      'server/src/http/serve.test.ts',
      'of a handler that broke say nothing of why, and the log says it under the same id',
    ),
  ],
  L5: [by('test/observability.test.ts', 'nothing that a client made up or a person is named by is a label')],
  L6: [here],
  L7: [here, by('server/src/app-processes.test.ts', 'L7 no signal opens a debugger in any of the processes')],

  H1: [
    here,
    by(frontDoor, 'requests that two servers would read differently are refused'),
    notYet('behind Envoy: Debian has no package of it'),
  ],
  H2: [here],
  H3: [
    by(badInput, 'a body over the limit is refused before it is read'),
    by(badInput, 'a body over the limit that does not say its length is refused too'),
  ],
  H4: [here],
  H5: [by(bridge, 'a compressed body is refused')],
  H6: [by(bridge, 'a compressed body is refused')],
  H7: [here],
  H8: [here],
  H9: [here],
  H10: [here],
  H11: [
    by(frontDoor, 'a path has one spelling'),
    by(bridge, 'everything that is not in the table is not found, in the provider’s shape, and never asked'),
  ],
  H12: [
    by(badInput, 'the path %s is not relayed'),
    by(
      'bridge/src/providers/openai.test.ts',
      'what asks no model, or would let a shared key do more than that, is not found',
    ),
  ],
  H13: [by(bridge, 'a client that expects to be told to go on is told so, and not when its body is too large')],
  H14: [here],
  H15: [here],

  J1: [
    here,
    by('bridge/src/scan.test.ts', 'a decisive key that occurs twice is ambiguous, also when an escape hides it'),
  ],
  J2: [
    here,
    by('bridge/src/scan.test.ts', 'a key that occurs twice in one object is ambiguous, wherever the object lies'),
  ],
  J3: [by('bridge/src/scan.test.ts', 'a depth bomb is refused and numbers that no double holds are not')],
  J4: [here],
  J5: [here],
  J6: [here],
  J7: [
    here,
    by(
      'server/src/gateway/drain/bodies.test.ts',
      'hostile text is stored without what PostgreSQL cannot hold, and cut at the bound; the bytes stay exact',
    ),
  ],
  J8: [here],
  J9: [
    by(
      'bridge/src/scan.test.ts',
      'comments, trailing commas, single quotes, NaN, byte order marks and UTF-16 are refused',
    ),
  ],
  J10: [
    here,
    by('bridge/src/scan.test.ts', 'a decisive key in another case is ambiguous, since some parsers fold case'),
  ],
  J11: [here],
  J12: [here, by('bridge/src/scan.test.ts', 'what JSON.parse refuses is refused, strings and numbers aside')],
  J13: [
    by(
      'bridge/src/fidelity.test.ts',
      '${format}, %s: the client gets the bytes that the provider sent, wherever they are cut, and they are on record',
    ),
  ],

  U1: [
    by(badProvider, 'headers that clients go by are kept, cookies are not, and an answer in gzip stays as it is'),
    by(
      'bridge/src/asking.test.ts',
      'the last key’s own answer is the client’s, with what the provider says about asking again',
    ),
  ],
  U2: [by(relay, 'errors of the provider pass byte for byte, with their headers, and are understood')],
  U3: [by(relay, 'a provider that cannot be reached is a 502, whose text holds no address')],
  U4: [
    by(relay, 'a provider that says nothing is given up, before and in the middle of an answer'),
    notYet('nothing is sent to keep a client patient before the provider has answered: the status is not known yet'),
  ],
  U5: [by(badProvider, 'a provider that $name ends in an answer and a truthful record')],
  U6: [by(relay, 'a stream that stops without its terminal event is not taken for an answer')],
  U7: [by('bridge/src/wire/anthropic-messages/reading.test.ts', 'no stream and no answer throws, whatever it says')],
  U8: [
    by(
      'bridge/src/fidelity.test.ts',
      '${format}, %s: the client gets the bytes that the provider sent, wherever they are cut, and they are on record',
    ),
  ],
  U9: [by('bridge/src/wire/sse.test.ts', 'the events are those that the parser for text finds')],
  U10: [here],
  U11: [by(relay, 'compressed answers pass as they came, although none was asked for')],
  U12: [by(relay, 'redirects are not followed')],
  U13: [here, by(bridge, 'the client gets the provider’s headers without those that act on a browser or a connection')],
  U14: [by('bridge/src/wire/anthropic-messages/reading.test.ts', '${name}: ${story}')],
  U15: [by('bridge/src/wire/anthropic-messages/reading.test.ts', '${name}: ${story}')],
  U16: [
    by(
      'server/src/gateway/drain/drain.test.ts',
      'a prompt, a tool call and its result become one thread of one session, with the tokens of the provider',
    ),
  ],
  U17: [here],
  U18: [here, by(relay, 'an answer that comes before the request was read counts')],
  U19: [by(relay, 'a provider that says nothing is given up, before and in the middle of an answer')],
  U20: [
    by('bridge/src/breaker/breaker.test.ts', 'then a few probes pass: all good closes it, one failure opens it again'),
  ],

  S1: [
    by(
      'test/e2e/backpressure.test.ts',
      'a client that does not read makes the provider wait, and holds half a megabyte at most',
    ),
  ],
  S2: [
    by(
      disconnect,
      'a client that leaves after ${index} events gives one end, with everything that the provider said after that',
    ),
  ],
  S3: [
    by(
      disconnect,
      'a client that leaves after ${index} events gives one end, with everything that the provider said after that',
    ),
  ],
  S4: [by(disconnect, 'a client that leaves a request in one piece still leaves a record with the true usage')],
  S5: [
    by(
      'bridge/src/wire/anthropic-messages/terminal.test.ts',
      'a model that talks about message_stop or errors does not end its answer',
    ),
  ],
  S6: [here],
  S7: [here, by(disconnect, 'stopping waits for open answers and interrupts what is left, each with its end')],
  S8: [
    by(
      'server/src/gateway/turnstile.test.ts',
      'a server that is full or late turns everybody away, and says when to come back',
    ),
  ],
}
