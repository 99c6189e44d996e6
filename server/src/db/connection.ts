import type { Client, ClientConfig, PoolClient } from 'pg'

/** Where a database is. Plain data, so that a worker thread can be handed it. */
export type Connection =
  { readonly url: string } | { readonly socketDir: string; readonly database: string; readonly user: string }

/** The port is part of the name of a unix socket: `.s.PGSQL.5432`. */
export const socketPort = 5432

export function connectionOptions(connection: Connection): ClientConfig {
  const common = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 }
  if ('url' in connection) return { ...common, connectionString: connection.url }
  const { socketDir, database, user } = connection
  // Said outright, as PGSSLMODE in the environment would otherwise ask for TLS on the socket.
  return { ...common, host: socketDir, port: socketPort, database, user, ssl: false }
}

/** The same server, another database. */
export function withDatabase(connection: Connection, database: string): Connection {
  if (!('url' in connection)) return { ...connection, database }
  const url = new URL(connection.url)
  url.pathname = `/${encodeURIComponent(database)}`
  return { url: url.href }
}

/** Closes a connection without the farewell that a dead or frozen server would never answer. */
export function closeNow(client: Client | PoolClient): void {
  // SAFETY: `connection.stream` is how the documentation of `pg` reaches the socket; its types leave it out.
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  // Marks it as closed at once, so that no pool lends it to somebody before its socket has noticed.
  client.end().catch(() => {})
  connection.stream.destroy()
}
