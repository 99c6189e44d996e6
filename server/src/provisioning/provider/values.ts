import { decode, encode, ExtensionCodec } from '@msgpack/msgpack'

/**
 * A value that Terraform learns only when it applies. What is known of it already (that it is not null, how it begins)
 * comes as bytes that we keep and give back as they are: Terraform compares them.
 */
export class Unknown {
  readonly extension: number
  readonly data: Uint8Array

  constructor(extension: number, data: Uint8Array) {
    this.extension = extension
    this.data = data
  }
}

/** Of which nothing at all is known. */
export const unknown = new Unknown(0, Uint8Array.of(0))

/** A value as Terraform has them. Numbers that no double holds come as text, integers beyond 2^53 as bigint. */
export type Value = null | boolean | number | bigint | string | Unknown | readonly Value[] | Row

/** An object: the attributes and nested blocks of one block. */
export interface Row {
  readonly [name: string]: Value
}

/** `DynamicValue` of the protocol. Terraform writes msgpack, and reads either. */
export interface DynamicValue {
  readonly msgpack: Uint8Array
}

const extensionCodec = new ExtensionCodec()
for (const type of [0, 12]) {
  extensionCodec.register({
    type,
    encode: (value) => (value instanceof Unknown && value.extension === type ? value.data : null),
    // The bytes are a window on the message, which is gone after the call.
    decode: (data) => new Unknown(type, data.slice()),
  })
}

const options = { extensionCodec, useBigInt64: true }

export function readRow(value: DynamicValue | null): Row | null {
  if (value === null || value.msgpack.length === 0) return null
  // SAFETY: Terraform sends what the schema says, and for a block that is an object or null.
  return decode(value.msgpack, options) as Row | null
}

export function writeRow(row: Row | null): DynamicValue {
  return { msgpack: encode(row, options) }
}

export function isRow(value: Value | undefined): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unknown)
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value)
}

/** The text of an attribute; empty where it is null or not known yet. */
export function text(value: Value | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** The number of an attribute; null where it has none, or not yet. */
export function number(value: Value | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
}

/** The blocks of one kind. Empty where it is not known yet how many there will be. */
export function rows(value: Value | undefined): readonly Row[] {
  return isList(value) ? value.filter(isRow) : []
}

/** Whether two values are surely equal; something unknown equals nothing. */
export function same(one: Value | undefined, other: Value | undefined): boolean {
  if (one instanceof Unknown || other instanceof Unknown) return false
  if (isList(one) && isList(other)) {
    return one.length === other.length && one.every((value, index) => same(value, other[index]))
  }
  if (isRow(one) && isRow(other)) {
    const names = Object.keys(one)
    return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]))
  }
  return one === other
}
