import { nodeFs } from '../journal/node-fs.ts'

/**
 * What is left on the disk of a folder, as it was when somebody asked last: a disk that does not answer must not keep
 * those who ask for other numbers waiting. NaN where it is not known.
 */
export function watchRoom(folder: string): () => number {
  let bytes = Number.NaN
  let asking = false
  const ask = async (): Promise<void> => {
    asking = true
    bytes = await nodeFs.freeBytes(folder).catch(() => Number.NaN)
    asking = false
  }
  void ask()
  return () => {
    if (!asking) void ask()
    return bytes
  }
}
