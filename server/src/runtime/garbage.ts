import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/**
 * How V8 is to treat what lies outside of its heap, which is where the bytes of requests and answers are. By default it
 * collects everything whenever 64 MB of such memory came, however much of it is there anyway: under load many times a
 * second, each time for the whole heap. With the first it waits until there is notably more than the last time, and with
 * the second until there is five times as much: what is alive at one time is little beside what passes.
 */
export const garbageFlags = ['--external-memory-accounted-in-global-limit', '--heap-growing-percent=400']

/** Between the server itself and the drain. */
const helpersNice = 10

/**
 * Also lets V8's helper threads give way to the thread that relays traffic: where there are fewer cores than threads, a
 * collection would otherwise take the core from it for tens of milliseconds. On Linux a priority belongs to a thread.
 */
export function tuneGarbageCollection(): void {
  for (const flag of garbageFlags) setFlagsFromString(flag)
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'latin1')
      if (name.startsWith('node-V8Worker')) setPriority(Number(thread), helpersNice)
    }
  } catch {
    // Where there are no such files, or it is not allowed, they stay as they are.
  }
}
