import { z } from 'zod'

/** As Terraform writes it since 0.12; what else it holds is for Terraform to say. */
const State = z.object({
  version: z.literal(4),
  serial: z.number().int().min(0),
  lineage: z.string().default(''),
  resources: z.array(
    z.object({
      module: z.string().optional(),
      mode: z.string(),
      type: z.string(),
      name: z.string(),
      instances: z.array(
        z.object({
          index_key: z.union([z.string(), z.number()]).nullish(),
          attributes: z.record(z.string(), z.unknown()).nullish(),
        }),
      ),
    }),
  ),
})

/** Which of the states of one workspace is the newer one, and what is in it. */
export interface TerraformState {
  readonly serial: number
  /** One for all states that go on from one another; empty in one that somebody wrote by hand. */
  readonly lineage: string
  readonly things: readonly Thing[]
}

export interface Thing {
  readonly address: string
  /** Of its provider: what was made anew has the address of what was there before, and another id. */
  readonly id: unknown
}

/** Null where it is none that Terraform has written. */
export function parseState(bytes: Uint8Array): TerraformState | null {
  const { data } = State.safeParse(jsonOf(bytes))
  if (data === undefined) return null
  const managed = data.resources.filter(({ mode }) => mode === 'managed')
  const things = managed.flatMap(({ module, type, name, instances }) =>
    instances.map(({ index_key: key, attributes }): Thing => {
      const index = key == null ? '' : `[${JSON.stringify(key)}]`
      return { address: `${module === undefined ? '' : `${module}.`}${type}.${name}${index}`, id: attributes?.['id'] }
    }),
  )
  return { serial: data.serial, lineage: data.lineage, things }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

/** The addresses of what only this one has, and none of the others. */
export function onlyIn(state: TerraformState, others: readonly TerraformState[]): string[] {
  const known = others.flatMap(({ things }) => things)
  const isKnown = (one: Thing): boolean => known.some(({ address, id }) => address === one.address && id === one.id)
  return state.things.filter((one) => !isKnown(one)).map(({ address }) => address)
}
