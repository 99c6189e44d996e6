/** Sends what is due to one webhook until it is killed. For a test. */
import { Secret, silentLog, systemClock } from '@reeve/base'
import { openDatabase } from '../db/database.ts'
import { createEgress } from '../http/egress.ts'
import { createKeyring } from '../keyring/keyring.ts'
import { newKey } from '../keyring/seal.ts'
import { createNotifier, startNotifier } from './notifier.ts'

const [connection = '', endpoint = '', secret = ''] = process.argv.slice(2)
const db = openDatabase(JSON.parse(connection), { log: silentLog, applicationName: 'notifier child' })
const context = {
  db,
  clock: systemClock,
  log: silentLog,
  url: 'https://reeve.example.com',
  settings: {
    mail: null,
    webhook: { endpoint, secrets: [new Secret(secret)] },
    attemptsMax: 20,
    retryMs: 1_000,
    timeoutMs: 30_000,
  },
  egress: createEgress({ allowed: [{ address: '127.0.0.1', prefix: 32, family: 'ipv4' }] }),
  keyring: createKeyring([newKey()]),
  ended: () => {},
}
await startNotifier(createNotifier(context), context)
