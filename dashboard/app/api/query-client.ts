import { Fault, toError } from '@reeve/base'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'

/** What trying again may change. Everything else is shown at once. */
const passing = new Set(['unavailable', 'timeout', 'upstream'])

export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  return new Fault('internal', toError(thrown).message, { cause: thrown })
}

/** `onSignedOut` runs whenever any answer says that nobody is signed in. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (thrown: unknown) => {
    if (faultOf(thrown).code === 'unauthenticated') onSignedOut()
  }
  return new QueryClient({
    // Who asks is asked before a page opens; the router itself leads to the sign-in then.
    queryCache: new QueryCache({ onError: (thrown, query) => query.queryKey[0] !== 'me' && onError(thrown) }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        retry: (count, thrown) => count < 2 && passing.has(faultOf(thrown).code),
      },
    },
  })
}
