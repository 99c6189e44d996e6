import { Fault } from '@reeve/base'
import { z } from 'zod'

const bytesMax = 700 * 1024
/** As Terraform writes it since 0.12; what else it holds is for Terraform to say. */
const State = z.object({ version: z.literal(4), serial: z.number().int().min(0), resources: z.array(z.unknown()) })

export function readState(base64: string): Buffer {
  const refused = (detail: string): Fault =>
    new Fault('invalid', 'the state cannot be taken', { problems: [{ field: 'state', detail }] })
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length > bytesMax) throw refused(`is more than ${bytesMax} bytes`)
  try {
    State.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    throw refused('is no state of Terraform in version 4, in base64')
  }
  return bytes
}
