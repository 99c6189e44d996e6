import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { apiDocument } from '../server/src/http/deployment.ts'

/** Writes the OpenAPI document from the endpoints that the server serves. It carries no version: the page is of the source. */
writeFileSync(
  resolve(import.meta.dirname, '../docs/reference/openapi.json'),
  `${JSON.stringify(apiDocument('source'), null, 2)}\n`,
)
