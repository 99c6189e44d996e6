import { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asDuplex } from './as-duplex.ts'
import { frameOf } from './frames.ts'
import { type Multiplex, multiplex, type OfferedStream, type StreamHandlers, windowBytes } from './multiplex.ts'

/** Two multiplexers with a line between them that carries a message when it is told to. */
function pair(accept: (header: Uint8Array, stream: OfferedStream) => StreamHandlers | string, most = 128) {
  const lines = { toAcceptor: [] as Uint8Array[], toOpener: [] as Uint8Array[] }
  const make = (line: Uint8Array[], taking: typeof accept | null): Multiplex =>
    multiplex({
      send: (frame) => line.push(frame),
      isCongested: () => line.length > 20,
      accept: taking,
      streamsMax: most,
    })
  const opener = make(lines.toAcceptor, null)
  const acceptor = make(lines.toOpener, accept)
  const carry = (line: Uint8Array[], to: Multiplex, from: Multiplex): boolean => {
    const message = line.shift()
    if (message === undefined) return false
    to.take(message)
    from.drained()
    return true
  }
  const step = (way: boolean): boolean =>
    way ? carry(lines.toAcceptor, acceptor, opener) : carry(lines.toOpener, opener, acceptor)
  const settle = (): void => {
    while (step(true) || step(false));
  }
  return { opener, acceptor, lines, step, settle }
}

const sink = (): StreamHandlers & { got: number[]; over: string } => {
  const self = {
    got: [] as number[],
    over: '',
    data: (bytes: Uint8Array) => (self.got.push(...bytes), true),
    end: () => void (self.over = 'end'),
    reset: (reason: string) => void (self.over = reason),
  }
  return self
}

const nothing = new Uint8Array(0)

test('whatever the turns, each stream arrives whole, in order, and as its own', () => {
  const writes = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 90_000 })), { maxLength: 20 })
  fc.assert(
    fc.property(writes, fc.array(fc.boolean(), { maxLength: 200 }), (given, ways) => {
      const received: (ReturnType<typeof sink> & { header: number })[] = []
      const { opener, step, settle, acceptor } = pair((header, stream) => {
        const taken = Object.assign(sink(), { header: header[0] ?? 0 })
        received.push(taken)
        stream.take()
        return taken
      })
      const sent: number[][] = [[], [], [], []]
      const streams = sent.map((_, at) => opener.open(Uint8Array.of(at), sink()))
      const turns = [...ways]
      let value = 0
      for (const [at, length] of given) {
        const bytes = Uint8Array.from({ length }, () => value++ % 251)
        sent[at]!.push(...bytes)
        streams[at]!.write(bytes, () => {})
        const way = turns.shift()
        if (way !== undefined) step(way)
      }
      for (const stream of streams) stream.end()
      for (const way of turns) step(way)
      settle()
      expect(received.map(({ over }) => over)).toEqual(['end', 'end', 'end', 'end'])
      for (const { header, got } of received) expect(Buffer.from(got).equals(Buffer.from(sent[header]!))).toBe(true)
      expect([opener.size, acceptor.size]).toEqual([4, 4])
    }),
    { numRuns: 40 },
  )
})

test('a reader who reads nothing is sent a window and no more, and the other streams go on', () => {
  const slow = { ...sink(), data: (bytes: Uint8Array) => ((held += bytes.length), false) }
  const fast = sink()
  let held = 0
  const { opener, settle } = pair(([kind], stream) => {
    stream.take()
    return kind === 0 ? slow : fast
  })
  const [first, second] = [opener.open(Uint8Array.of(0), sink()), opener.open(Uint8Array.of(1), sink())]
  first.write(new Uint8Array(4 * windowBytes), () => expect.unreachable())
  second.write(new Uint8Array(4 * windowBytes), () => {})
  settle()
  expect(held).toBe(windowBytes)
  expect(fast.got).toHaveLength(4 * windowBytes)
})

test('many small pieces take of the window what they take of memory', () => {
  let pieces = 0
  const { opener, settle } = pair((_, stream) => {
    stream.take()
    return { ...sink(), data: () => (pieces++, false) }
  })
  const stream = opener.open(nothing, sink())
  for (let count = 0; count < windowBytes / 8; count++) stream.write(Uint8Array.of(1), () => {})
  settle()
  expect(pieces).toBe(windowBytes / 64)
})

test('streams beyond the bound are refused on both sides', () => {
  const refused = sink()
  const { opener, acceptor } = pair((_, stream) => (stream.take(), sink()), 2)
  const other = pair(() => expect.unreachable(), 3)
  for (const _ of [1, 2]) opener.open(nothing, sink())
  expect(() => opener.open(nothing, refused)).toThrow('too many streams')
  for (const id of [1, 2, 3]) acceptor.take(frameOf({ kind: 'open', id, header: nothing }))
  expect(acceptor.size).toBe(2)
  expect(other.opener.size).toBe(0)
})

test('what the protocol does not allow is told to whoever holds the connection', () => {
  const hostile: Uint8Array[][] = [
    [Uint8Array.of(9, 0, 0, 0, 1)],
    [nothing],
    [frameOf({ kind: 'open', id: 1, header: nothing }), frameOf({ kind: 'open', id: 1, header: nothing })],
    [frameOf({ kind: 'open', id: 1, header: nothing }), frameOf({ kind: 'window', id: 1, bytes: windowBytes + 1 })],
    [
      frameOf({ kind: 'open', id: 1, header: nothing }),
      frameOf({ kind: 'data', id: 1, bytes: new Uint8Array(20_000) }),
    ],
  ]
  for (const frames of hostile) {
    const { acceptor } = pair((_, stream) => (stream.take(), sink()))
    expect(() => frames.forEach((frame) => acceptor.take(frame))).toThrow()
  }
  const untaken = pair(() => sink())
  untaken.acceptor.take(frameOf({ kind: 'open', id: 1, header: nothing }))
  expect(() => untaken.acceptor.take(frameOf({ kind: 'data', id: 1, bytes: Uint8Array.of(1) }))).toThrow('room')
  // It may be on its way to a stream that was reset here.
  untaken.acceptor.take(frameOf({ kind: 'data', id: 7, bytes: Uint8Array.of(1) }))
})

test('a stream that is refused, reset or cut with its connection tells why', () => {
  const reasons = [sink(), sink(), sink()]
  const { opener, acceptor, settle } = pair(([kind], stream) => {
    if (kind === 0) return 'nothing listens there'
    stream.take()
    if (kind === 1) stream.reset('changed its mind')
    return sink()
  })
  reasons.forEach((handlers, kind) => opener.open(Uint8Array.of(kind), handlers))
  settle()
  opener.close('the agent is gone')
  expect(reasons.map(({ over }) => over)).toEqual(['nothing listens there', 'changed its mind', 'the agent is gone'])
  expect([opener.size, acceptor.size]).toEqual([0, 1])
})

test('a side that never waited for room can end first', async () => {
  const { opener, settle } = pair((_, offered) => {
    let handlers: StreamHandlers | null = null
    const speaker = asDuplex(
      (options) => new Duplex(options),
      (given) => ((handlers = given), offered),
    )
    offered.take()
    speaker.end('goodbye')
    return handlers ?? expect.unreachable()
  })
  const timer = setInterval(settle, 1)
  const duplex = asDuplex(
    (options) => new Duplex(options),
    (handlers) => opener.open(nothing, handlers),
  )
  expect(String(await buffer(duplex))).toBe('goodbye')
  clearInterval(timer)
})

test('as a Duplex of Node it echoes, ends and leaves nothing open', async () => {
  const { opener, acceptor, settle } = pair((_, offered) => {
    let handlers: StreamHandlers | null = null
    const echo = asDuplex(
      (options) => new Duplex(options),
      (given) => ((handlers = given), offered),
    )
    echo.pipe(echo)
    offered.take()
    return handlers ?? expect.unreachable()
  })
  const timer = setInterval(settle, 1)
  const duplex = asDuplex(
    (options) => new Duplex(options),
    (handlers) => opener.open(nothing, handlers),
  )
  const sent = Buffer.alloc(3 * windowBytes, 'abcdefg')
  duplex.end(sent)
  expect((await buffer(duplex)).equals(sent)).toBe(true)
  await expect.poll(() => [opener.size, acceptor.size]).toEqual([0, 0])
  clearInterval(timer)
})
