import { Fault, toError } from '@reeve/base'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'

/** What trying again may change. Everything else is shown at once. */
const passing = new Set(['unavailable', 'timeout', 'upstream'])

/** Who asks, and what they may do, is asked before a page opens; the router itself leads to the sign-in then. */
const beforehand = new Set<unknown>(['me', 'may'])

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
    queryCache: new QueryCache({ onError: (thrown, { queryKey: [name] }) => !beforehand.has(name) && onError(thrown) }),
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
