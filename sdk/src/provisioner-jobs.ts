import { z } from 'zod'
import { Id, Instant } from './common.ts'

/** A piece of work that Terraform does. */

const whole = z.number().int()

export const ProvisionerJob = z.object({
  id: Id,
  type: z.enum(['template_version_import', 'template_version_dry_run', 'workspace_build']),
  status: z.enum(['pending', 'running', 'succeeded', 'canceling', 'canceled', 'failed']),
  organization_id: Id,
  initiator_id: Id.nullable(),
  file_id: Id.nullable(),
  created_at: Instant,
  started_at: Instant.nullable(),
  canceled_at: Instant.nullable(),
  completed_at: Instant.nullable(),
  error: z.string().nullable(),
  error_code: z.string().nullable(),
  worker_id: Id.nullable(),
  worker_name: z.string().nullable(),
  queue_position: whole.describe('Among those that wait, from 1; 0: it does not wait.'),
  queue_size: whole,
  logs_overflowed: z.boolean(),
})
export type ProvisionerJob = z.infer<typeof ProvisionerJob>

export const ProvisionerJobLog = z.object({
  id: whole.describe('Counts up from 1.'),
  created_at: Instant,
  log_source: z.enum(['provisioner_daemon', 'provisioner']).describe('Reeve, or Terraform.'),
  log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error']),
  stage: z.string(),
  output: z.string(),
})
export type ProvisionerJobLog = z.infer<typeof ProvisionerJobLog>

const lineNumber = z.coerce.number().int().min(0)
/** Which lines of a log: those between two numbers, or those after one as they come. */
export const LinesQuery = z.strictObject({ after: lineNumber.optional(), before: lineNumber.optional() })
export const FollowQuery = z.strictObject({ after: lineNumber.optional() })
