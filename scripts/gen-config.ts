import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { configReference } from '../server/src/config-print.ts'

/** Writes the page of settings from the table that the server reads them by. */
writeFileSync(resolve(import.meta.dirname, '../docs/reference/configuration.md'), configReference())
