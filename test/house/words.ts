import { posix } from 'node:path'
import { isForTests, isSource, type Tree } from './sources.ts'

const linesMax = 400

export function longFiles(tree: Tree): string[] {
  return [...tree]
    .filter(([path, text]) => isSource(path) && text.split('\n').length - 1 > linesMax)
    .map(([path]) => path)
}

/** A file for things that found no place says nothing. */
export function placelessNames(tree: Tree): string[] {
  return [...tree.keys()].filter((path) => /(^|[/.-])utils?([/.-]|$)/.test(path))
}

/** Places that ask the machine for the time, instead of being handed a clock. */
export function clockReaders(tree: Tree): string[] {
  const packages = /^(base|sdk|bridge|policy|boundary|agent|cli|server|bin)\//
  return [...tree]
    .filter(([path]) => packages.test(path) && isSource(path) && !isForTests(path) && path !== 'base/src/clock.ts')
    .filter(([, text]) => /\bnew Date\(\)|\bDate\.now\(|\bperformance\.now\(/.test(withoutComments(text)))
    .map(([path]) => path)
}

/** Hosts of package registries and folders of the machine that something was written on: this checkout's, or a home. */
export function foreignPlaces(tree: Tree, checkout: string): string[] {
  // The brackets keep this line from finding itself.
  const registry = /registry\.[a-z]+js\.org|registry\.yarn[p]kg|\bpypi\.[o]rg|artifact[o]ry|verdacc[i]o/i
  // People in examples have homes too.
  const home = /(?:^|[\s'"`(=:])\/(?:home|Users)\/(?!(?:dana|user|you|node|alice|bob)\b)[\w.-]+/m
  return [...tree].flatMap(([path, text]) => {
    const found = [registry, home].flatMap((pattern) => pattern.exec(text)?.[0].trim() ?? [])
    if (text.includes(`${checkout}/`)) found.push(checkout)
    return found.map((place) => `${path}: ${place}`)
  })
}

/** Paths that a page names, in backticks or as a link, and that are not there. */
export function deadPaths(tree: Tree): string[] {
  const places = new Set<string>()
  for (const path of tree.keys()) {
    for (let place = path; place !== '.'; place = posix.dirname(place)) places.add(place)
  }
  const tops = new Set([...places].filter((place) => !place.includes('/')))
  return [...tree]
    .filter(([path]) => /^(README|ARCHITECTURE|CONTRIBUTING|SECURITY)\.md$|^docs\/.*\.md$/.test(path))
    .flatMap(([page, text]) =>
      [...named(page, text, tops)].filter((path) => !places.has(path)).map((path) => `${page} names ${path}`),
    )
}

function* named(page: string, text: string, tops: ReadonlySet<string>): Iterable<string> {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '')
  for (const [, quoted] of prose.matchAll(/`([^`\n]+)`/g)) {
    const path = quoted!.replace(/^\.\//, '').replace(/\/$/, '')
    const [top, ...rest] = path.split('/')
    if (rest.length > 0 && tops.has(top!) && /^[\w.@/-]+$/.test(path)) yield path
  }
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^([a-z]+:|#)/.test(target!)) continue
    yield posix.normalize(posix.join(posix.dirname(page), target!.replace(/#.*$/, ''))).replace(/\/$/, '')
  }
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}
