export const protocols = ['http/protobuf', 'http/json'] as const
export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** Where spans go and which. Plain data: the drain's process gets it as a message. */
export interface TraceSettings {
  /** The exact address. */
  readonly url: string
  readonly protocol: (typeof protocols)[number]
  /** Credentials of the receiver are among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly serviceVersion: string
  readonly sampler: (typeof samplers)[number]
  /** Of 1: how many of the traces that begin here are kept, where the sampler asks for it. */
  readonly ratio: number
  /** Whether those whom the bridge asks are told of the trace. */
  readonly passedOn: boolean
}
