import fc from 'fast-check'

/** Streams made of whatever line ends, fields and characters can go wrong together. */
export const streamText = fc
  .array(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      '\r\n\r\n',
      'data: x',
      'data',
      'data:y',
      'event: e',
      'event: ping\ndata: {}',
      ': c',
      'id: 1',
      'retry: 5',
      'é',
      '\u2028',
      '\uFEFF',
      'unknown: z',
      'data: {"type":"message_stop"',
      '}',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))
