import { randomUUID } from 'node:crypto'
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import { toError, type Log } from '@reeve/base'
import { attributePath, complaint, Complaints, diagnostic } from './complaint.ts'
import type { DataSource, ProviderDefinition, Resource } from './definition.ts'
import { planResource, withDefaults } from './plan.ts'
import { wireSchema, type Block } from './schema.ts'
import { complaintsAbout } from './validate.ts'
import { readRow, Unknown, writeRow, type DynamicValue, type Row, type Value } from './values.ts'

interface ConfigRequest {
  readonly typeName: string
  readonly config: DynamicValue | null
}

interface StateRequest {
  readonly typeName: string
  readonly currentState: DynamicValue | null
  readonly private: Uint8Array
}

interface UpgradeRequest {
  readonly typeName: string
  readonly rawState: { readonly json: Uint8Array } | null
}

interface ChangeRequest {
  readonly typeName: string
  readonly priorState: DynamicValue | null
  readonly plannedState: DynamicValue | null
  readonly config: DynamicValue | null
  readonly priorPrivate: Uint8Array
  readonly plannedPrivate: Uint8Array
}

/** With this, Terraform asks only the first of several plugins of one provider for the whole schema. */
const serverCapabilities = { getProviderSchemaOptional: true }

/** The `Provider` service of the plugin protocol over a definition. */
export function providerService<Run>(provider: ProviderDefinition<Run>, log: Log): UntypedServiceImplementation {
  let known: { readonly run: Run } | null = null

  const configured = (): Run => {
    if (known === null) throw new Complaints([complaint([], 'The provider has not been configured', '')])
    return known.run
  }
  const resource = (type: string): Resource<Run> => entry(provider.resources, type) ?? missing('resource', type)
  const dataSource = (type: string): DataSource<Run> =>
    entry(provider.dataSources, type) ?? missing('data source', type)
  const answering = <Request>(answer: (request: Request) => object | Promise<object>) => unary(answer, log)

  return {
    GetMetadata: answering(() => ({
      serverCapabilities,
      resources: Object.keys(provider.resources).map((typeName) => ({ typeName })),
      dataSources: Object.keys(provider.dataSources).map((typeName) => ({ typeName })),
    })),
    GetSchema: answering(() => ({
      serverCapabilities,
      provider: wireSchema(provider.block),
      resourceSchemas: schemas(provider.resources),
      dataSourceSchemas: schemas(provider.dataSources),
    })),
    GetResourceIdentitySchemas: answering(() => ({})),
    GetFunctions: answering(() => ({})),
    PrepareProviderConfig: answering((request: ConfigRequest) => ({
      preparedConfig: request.config,
      ...validated(provider.block, request),
    })),
    Configure: answering((request: ConfigRequest) => {
      known = { run: provider.configure(withDefaults(provider.block, readRow(request.config) ?? {})) }
      return {}
    }),
    ValidateResourceTypeConfig: answering((request: ConfigRequest) =>
      validated(resource(request.typeName).block, request),
    ),
    ValidateDataSourceConfig: answering((request: ConfigRequest) =>
      validated(dataSource(request.typeName).block, request),
    ),
    UpgradeResourceState: answering(({ typeName, rawState }: UpgradeRequest) => {
      // A state may have been written by another release: with attributes that we have not got, without some we have.
      const state: Row | null = JSON.parse(Buffer.from(rawState?.json ?? []).toString() || 'null')
      const upgraded = state === null ? null : withDefaults(resource(typeName).block, state)
      // As JSON, which it came as: the two ways of writing a value are not the same in all they hold.
      return { upgradedState: { json: Buffer.from(JSON.stringify(upgraded)) } }
    }),
    ReadResource: answering(async (request: StateRequest) => {
      const state = readRow(request.currentState)
      const { refresh = () => ({}) } = resource(request.typeName)
      const changed = state === null ? null : await refresh(state, configured())
      return { newState: writeRow(changed === null ? null : { ...state, ...changed }), private: request.private }
    }),
    PlanResourceChange: answering((request: ChangeRequest) => plan(resource(request.typeName), request)),
    ApplyResourceChange: answering(async (request: ChangeRequest) => {
      const [prior, planned] = [readRow(request.priorState), readRow(request.plannedState)]
      const kind = resource(request.typeName)
      if (planned === null && prior !== null) await kind.destroy?.(prior, configured())
      const made = planned === null ? null : await apply(kind, planned, configured())
      return { newState: writeRow(made), private: request.plannedPrivate }
    }),
    ImportResourceState: answering(({ typeName }: { readonly typeName: string }) => {
      throw new Complaints([complaint([], `A ${typeName} cannot be imported`, 'It exists only in the state.')])
    }),
    ReadDataSource: answering(({ typeName, config }: ConfigRequest) => {
      const { block, read } = dataSource(typeName)
      const filled = withDefaults(block, readRow(config) ?? {})
      return { state: writeRow({ ...filled, ...read(filled, configured()) }) }
    }),
    Stop: answering(() => ({})),
  }
}

function plan<Run>({ block, derive = (row) => row }: Resource<Run>, request: ChangeRequest): object {
  const config = readRow(request.config)
  // Nothing is configured where a resource is to be destroyed.
  if (config === null) return { plannedState: writeRow(null) }
  const { state, replaced } = planResource(block, derive, config, readRow(request.priorState))
  return {
    plannedState: writeRow(state),
    requiresReplace: replaced.map((name) => attributePath([name])),
    plannedPrivate: request.priorPrivate,
  }
}

/** The state after creation: what was planned, with a value for everything that was to be known later. */
async function apply<Run>({ create }: Resource<Run>, planned: Row, run: Run): Promise<Row> {
  const known = Object.fromEntries(
    Object.entries(planned).map(([name, value]): [string, Value] => [name, orNull(value)]),
  )
  const made: Row = { ...known, ...(await create(known, run)) }
  return { ...made, id: made['id'] ?? randomUUID() }
}

const orNull = (value: Value) => (value instanceof Unknown ? null : value)

function validated(block: Block, request: ConfigRequest): object {
  return { diagnostics: complaintsAbout(block, readRow(request.config) ?? {}).map(diagnostic) }
}

function schemas(kinds: { readonly [type: string]: { readonly block: Block } }): object {
  return Object.fromEntries(Object.entries(kinds).map(([type, { block }]) => [type, wireSchema(block)]))
}

/** Names come from templates: what every object has is not among the kinds. */
function entry<Kind>(kinds: { readonly [type: string]: Kind }, type: string): Kind | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type] : undefined
}

function missing(kind: string, type: string): never {
  throw new Complaints([complaint([], `There is no ${kind} "${type}"`, 'This release does not know it.')])
}

/** A call with one answer. What goes wrong is told to Terraform as diagnostics, so that its output has the place. */
function unary<Request>(answer: (request: Request) => object | Promise<object>, log: Log) {
  return async (call: { readonly request: Request }, done: (error: null, answer: object) => void): Promise<void> => {
    done(null, await answered(() => answer(call.request), log))
  }
}

async function answered(answer: () => object | Promise<object>, log: Log): Promise<object> {
  try {
    return await answer()
  } catch (thrown) {
    if (thrown instanceof Complaints) return { diagnostics: thrown.all.map(diagnostic) }
    log.error({ error: toError(thrown) }, 'the terraform provider failed to answer')
    return { diagnostics: [diagnostic(complaint([], 'The provider failed', 'The log of the control plane has more.'))] }
  }
}
