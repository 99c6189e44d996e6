/** Bounds on what a client, a provider or bad luck can make the bridge hold or wait for. */
export interface Limits {
  /** Of a request body. */
  readonly bodyBytes: number
  /** Within which a body must arrive, plus one second for each 64 KiB of it. */
  readonly bodyMs: number
  readonly connectMs: number
  /** From asking the provider to the head of its answer. Reasoning takes long. */
  readonly firstByteMs: number
  /** Between two pieces of an answer; also how long a client may take none of it. */
  readonly idleMs: number
  /** How long the provider is still listened to when the client has gone, to learn the true usage. */
  readonly disconnectedMs: number
  readonly disconnectedBytes: number
  /** How long the provider may take to end its stream after the event that ended the answer. */
  readonly afterEndMs: number
  /** Of one event in a stream. */
  readonly eventBytes: number
  /** Of what is held of a stream because a tool call in it is not complete or not decided, and for how long. */
  readonly heldBytes: number
  readonly heldMs: number
  /** Of an answer in one piece that is held until its tool calls are decided. */
  readonly heldWholeBytes: number
  /** How long may be decided on one tool call. */
  readonly decisionMs: number
  /** How often a client is told that there is somebody, while its answer is held. */
  readonly keepAliveMs: number
  /** Of an answer with an error status: those are held whole, to mask credentials in them. */
  readonly errorBytes: number
  /** How often a provider is asked for one answer, and within which time another attempt may begin. */
  readonly attempts: number
  readonly attemptsMs: number
  /** For bodies that later ones are compared with. */
  readonly rememberedBytes: number
  /** How many WebSockets may be open, and how many of one user. */
  readonly sockets: number
  readonly socketsOfOne: number
  /** How long one may be open without anything being asked, and how often its client has to show that it is there. */
  readonly socketIdleMs: number
  readonly socketPingMs: number
}

const mebibyte = 1024 * 1024

export const defaultLimits: Limits = {
  bodyBytes: 64 * mebibyte,
  bodyMs: 30_000,
  connectMs: 10_000,
  firstByteMs: 600_000,
  idleMs: 300_000,
  disconnectedMs: 30_000,
  disconnectedBytes: 64 * mebibyte,
  afterEndMs: 5_000,
  eventBytes: 8 * mebibyte,
  heldBytes: 8 * mebibyte,
  heldMs: 600_000,
  heldWholeBytes: 32 * mebibyte,
  decisionMs: 10_000,
  keepAliveMs: 15_000,
  errorBytes: mebibyte,
  attempts: 5,
  attemptsMs: 30_000,
  rememberedBytes: 64 * mebibyte,
  sockets: 512,
  socketsOfOne: 16,
  socketIdleMs: 1_800_000,
  socketPingMs: 30_000,
}
