import { hash } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Bytes that are stored once under their own hash. Within one organization only: who has what is nobody else's business. */
export interface Blob {
  /** Hex. */
  readonly sha256: string
  readonly encoding: 'identity' | 'zstd'
  readonly rawBytes: number
  readonly bytes: Uint8Array
}

/** Below this, compression has nothing to gain. */
const compressFrom = 256

export function packBlob(raw: Uint8Array): Blob {
  const packed =
    raw.length < compressFrom ? null : zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
  const smaller = packed !== null && packed.length < raw.length
  return {
    sha256: hash('sha256', raw, 'hex'),
    encoding: smaller ? 'zstd' : 'identity',
    rawBytes: raw.length,
    bytes: smaller ? packed : raw,
  }
}

/** Throws when the bytes are not what was packed. */
export function unpackBlob(blob: Blob): Buffer {
  const raw =
    blob.encoding === 'zstd'
      ? zstdDecompressSync(blob.bytes, { maxOutputLength: Math.max(blob.rawBytes, 1) })
      : Buffer.from(blob.bytes)
  if (raw.length !== blob.rawBytes || hash('sha256', raw, 'hex') !== blob.sha256) {
    throw new RangeError(`blob ${blob.sha256} is not what its name says`)
  }
  return raw
}
