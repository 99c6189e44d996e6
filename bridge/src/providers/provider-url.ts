import { Fault } from '@reeve/base'

/** The base URL of a provider's settings. Throws a Fault when it cannot be used as one. */
export function providerUrl({ name, baseUrl }: { readonly name: string; readonly baseUrl: string }): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Fault(
      'invalid',
      `The base URL of the provider ${name} must be http(s)://host[:port][/path] without credentials`,
    )
  }
  return url
}
