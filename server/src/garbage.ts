import { setFlagsFromString } from 'node:v8'

/**
 * How V8 is to treat what lies outside of its heap, which is where the bytes of requests and answers are. By default it
 * collects everything whenever 64 MB of such memory came, however much of it is there anyway: under load many times a
 * second, each time for the whole heap. With this it waits until there is notably more than the last time.
 */
export const garbageFlags = ['--external-memory-accounted-in-global-limit']

export function tuneGarbageCollection(): void {
  for (const flag of garbageFlags) setFlagsFromString(flag)
}
