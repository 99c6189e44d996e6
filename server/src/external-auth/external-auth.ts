import type { Clock, Log } from '@reeve/base'
import type { Counter } from 'prom-client'
import type { Database } from '../db/database.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Provider } from './provider.ts'
import type { ProviderClient } from './provider-client.ts'

/** What the functions of this room are given. Made once, in `app.ts`. */
export interface ExternalAuth {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly keyring: Keyring
  readonly providers: readonly Provider[]
  readonly client: ProviderClient
  /** Our own public address, as configured: what a request says of its host is not believed. */
  readonly accessUrl: string
  readonly refreshes: Counter<'provider' | 'outcome'>
}
