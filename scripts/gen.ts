import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { succeeds } from './run.ts'

/** `npm run gen`: runs every generator, `scripts/gen-*.ts`. A test of each fails while its output is out of date. */
for (const name of readdirSync(import.meta.dirname).filter((file) => /^gen-.*\.ts$/.test(file))) {
  if (!(await succeeds(process.execPath, [join('scripts', name)]))) process.exitCode = 1
}
