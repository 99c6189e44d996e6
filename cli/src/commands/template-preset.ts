import { Fault, isUuid } from '@reeve/base'
import { type Client, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'

/** By name or id; without one the template's own default, and with `none` no preset. */
export async function presetOf(
  { io: { signal } }: Context,
  client: Client,
  version: string,
  ref: string | undefined,
): Promise<string | null> {
  if (ref === 'none') return null
  if (ref !== undefined && isUuid(ref)) return ref
  const presets = await client.call(endpoints.listTemplateVersionPresets, { params: { version }, signal })
  const found = presets.find(({ name, default: byDefault }) => (ref === undefined ? byDefault : name === ref))
  if (found !== undefined || ref === undefined) return found?.id ?? null
  const names = presets.map(({ name }) => name).join(', ')
  throw new Fault('not_found', `the template has no preset ${ref}`, {
    fix: names === '' ? 'leave --preset out' : `choose from ${names}`,
  })
}
