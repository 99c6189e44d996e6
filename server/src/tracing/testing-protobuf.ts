/** One message of Protocol Buffers, by the numbers of its fields. What is not there is empty, as the format has it. */
export interface Message {
  has(field: number): boolean
  /** The last one, as the format has it. */
  bytes(field: number): Buffer
  all(field: number): readonly Buffer[]
  int(field: number): bigint
  double(field: number): number
}

/** For tests that read what others are sent (https://protobuf.dev/programming-guides/encoding/). */
export function readMessage(message: Buffer): Message {
  const fields = new Map<number, (Buffer | bigint)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError('a field is longer than its message')
    return message.subarray(at, (at += length))
  }
  while (at < message.length) {
    const key = Number(varint())
    const wire = key & 7
    const value = wire === 0 ? varint() : take(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint()))
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value])
  }
  const last = (field: number): Buffer | bigint | undefined => fields.get(field)?.at(-1)
  const bytes = (field: number): Buffer => {
    const value = last(field)
    return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
  }
  return {
    has: (field) => fields.has(field),
    bytes,
    all: (field) => (fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value)),
    int(field) {
      const value = last(field) ?? 0n
      return typeof value === 'bigint'
        ? value
        : value.length === 8
          ? value.readBigUInt64LE()
          : BigInt(value.readUInt32LE())
    },
    double: (field) => bytes(field).readDoubleLE(),
  }
}
