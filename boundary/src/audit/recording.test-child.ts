import { writeSync } from 'node:fs'
import { netFact, testRecorder } from './testing.ts'

/** Records denials for as long as it lives, and says the id of each once it is durable. */
const recorder = testRecorder(process.argv[2]!)
for (let i = 0; ; i++) {
  const ids = Array.from({ length: 1 + (i % 7) }, (_, n) =>
    recorder.record(netFact('deny', { host: `h${i}-${n}.test` })),
  )
  await recorder.flush()
  writeSync(1, ids.map(({ denial }) => `${denial}\n`).join(''))
}
