/** Appends numbered frames until it is killed, and tells its parent each number that was acknowledged. For a test. */
import { silentLog, systemClock } from '@reeve/base'
import { openJournal } from './journal.ts'

const [dir, last] = process.argv.slice(2)
const journal = await openJournal({
  dir: dir ?? '',
  clock: systemClock,
  log: silentLog,
  segmentBytes: 64 * 1024,
  reserveBytes: 4096,
})
let id = Number(last)

function payloadOf(number: number): Buffer[] {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(number)
  return [head, Buffer.alloc((number * 37) % 3_000, number)]
}

async function append(): Promise<void> {
  for (;;) {
    const number = ++id
    if (number % 5 === 0) journal.appendSoon(2, payloadOf(number))
    else {
      await journal.append(1, payloadOf(number))
      process.send?.(number)
    }
  }
}

await Promise.all(Array.from({ length: 8 }, append))
