import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { providerReference } from '../server/src/provisioning/provider/coder/reference.ts'

/** Writes the reference page of the Terraform provider. */
writeFileSync(join(import.meta.dirname, '../docs/reference/terraform-provider.md'), providerReference())
