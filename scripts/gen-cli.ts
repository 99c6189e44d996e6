import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cliReference } from '../cli/src/reference.ts'

/** Writes the reference page of the command line. */
writeFileSync(join(import.meta.dirname, '../docs/reference/cli.md'), cliReference())
