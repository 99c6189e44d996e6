import http from 'node:http'

/**
 * Sends requests through the proxy that the environment names, but for those to this machine, which no proxy can reach
 * for us. Node before 24.14 cannot be told so while it runs; there the proxy is not used.
 */
export function useProxy(env: Readonly<Record<string, string | undefined>>): void {
  const direct = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', 'localhost', '127.0.0.1', '[::1]', '::1'].filter(
    (host) => host !== '',
  )
  const { NO_PROXY: _, ...rest } = env
  http.setGlobalProxyFromEnv?.({ ...rest, no_proxy: direct.join(',') })
}
