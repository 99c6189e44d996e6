import type { Derive } from './plan.ts'
import type { Block } from './schema.ts'
import type { Row } from './values.ts'

/** A kind of data source: what it answers to a block of the template, over what the block says itself. */
export interface DataSource<Run> {
  readonly block: Block
  read(config: Row, run: Run): Row
}

/** A kind of managed resource. Destroying one without `destroy` is forgetting it. */
export interface Resource<Run> {
  readonly block: Block
  readonly derive?: Derive
  /** The computed attributes of a new one. Without an id among them it gets a random one. */
  create(planned: Row, run: Run): Row | Promise<Row>
  /** What has changed by itself since the state was written; null where it is not there any more. */
  refresh?(state: Row, run: Run): Row | null | Promise<Row | null>
  destroy?(state: Row, run: Run): Promise<void>
}

/** A provider of Terraform. `Run` is what it knows of the run once Terraform has configured it. */
export interface ProviderDefinition<Run> {
  /** As `required_providers` names it: `coder/coder`. */
  readonly source: string
  readonly block: Block
  configure(config: Row): Run
  readonly resources: { readonly [type: string]: Resource<Run> }
  readonly dataSources: { readonly [type: string]: DataSource<Run> }
}
