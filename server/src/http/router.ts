import type { Route } from './implement.ts'

/**
 * Finds the route of a request. A few dozen paths of whole segments need no more than a walk over them; a named segment
 * wins over a parameter in the same place, so that `/users/first` is not a user called first.
 */
export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export interface Router {
  /** The route, or the methods that the path has, or null when there is no such path. */
  find(method: string, path: string): Match | { readonly allowed: readonly string[] } | null
}

interface Entry {
  readonly route: Route
  readonly segments: readonly string[]
}

export function createRouter(routes: readonly Route[]): Router {
  const entries: Entry[] = routes
    .flatMap((route) =>
      [route.endpoint.path, ...route.endpoint.aliases].map((path) => ({ route, segments: path.split('/') })),
    )
    .sort((a, b) => (rank(a.segments) < rank(b.segments) ? -1 : 1))

  return {
    find(method, path) {
      const segments = path.split('/')
      const allowed = new Set<string>()
      for (const { route, segments: pattern } of entries) {
        const params = matchSegments(pattern, segments)
        if (params === null) continue
        if (route.endpoint.method === method || (method === 'HEAD' && route.endpoint.method === 'GET')) {
          return { route, params }
        }
        allowed.add(route.endpoint.method)
      }
      return allowed.size === 0 ? null : { allowed: [...allowed] }
    },
  }
}

/** Sorts a name before a parameter in the first place where two paths differ in that. */
function rank(segments: readonly string[]): string {
  return segments.map((segment) => (segment.startsWith(':') ? '1' : '0')).join('')
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null
  const params: Record<string, string> = {}
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i]!
    if (!part.startsWith(':')) {
      if (part !== segment) return null
      continue
    }
    const value = decode(segment)
    if (value === null || value === '') return null
    params[part.slice(1)] = value
  }
  return params
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
