import { importsOf, isForTests, isSource, resolveImport, type Tree } from './sources.ts'

/** The packages and what of ours they may import. */
const doors: Readonly<Record<string, readonly string[]>> = {
  base: [],
  sdk: ['base'],
  bridge: ['base'],
  policy: ['base'],
  boundary: ['base', 'policy'],
  agent: ['base', 'sdk'],
  cli: ['base', 'sdk', 'policy'],
  dashboard: ['base', 'sdk', 'policy'],
  server: ['base', 'sdk', 'bridge', 'policy'],
}

const floors: Readonly<Record<string, number>> = {
  retention: 8,
  notifications: 8,
  usage: 8,
  gateway: 7,
  tasks: 7,
  boundaries: 7,
  agents: 6,
  'dry-runs': 6,
  providers: 6,
  rules: 6,
  workspaces: 5,
  'key-rotation': 4,
  'external-auth': 4,
  identity: 4,
  licensing: 4,
  templates: 4,
  audit: 3,
  jobs: 3,
  outbox: 3,
  http: 2,
  access: 1,
  hosting: 1,
  keyring: 1,
  db: 0,
  journal: 0,
  provisioning: 0,
  runtime: 0,
  tracing: 0,
}

/** Files directly in `server/src`: wiring, which may know every room. */
const wiringFloor = 9

/**
 * Imports that go through a wall: a package that the importer may not know, or a relative path into another package.
 * What stands outside of the packages (bin, scripts, test, bench) joins them and may look everywhere; tests may use
 * what `test/` offers them. To what is measured `test/support` is offered, and no room of a test.
 */
export function throughWalls(tree: Tree): string[] {
  return eachImport(tree, (path, specifier) => {
    const target = resolveImport(path, specifier)
    const ofTest = target?.startsWith('test/') === true && !target.startsWith('test/support/')
    if (ofTest && path.startsWith('bench/')) return `${path} reaches into ${target}`
    const from = packageOf(path)
    if (from === null) return null
    if (target !== null) {
      if (isForTests(target) && !isForTests(path)) return `${path} imports ${target}, which is for tests`
      if (target.startsWith(`${from}/`) || (isForTests(path) && target.startsWith('test/'))) return null
      return `${path} reaches into ${target}`
    }
    const to = /^@reeve\/([^/]+)(\/.*)?$/.exec(specifier)
    if (to === null) return null
    if (to[2] !== undefined) return `${path} imports ${specifier}, past the index of the package`
    return doors[from]!.includes(to[1]!) ? null : `${path} imports ${specifier}`
  })
}

/** Imports inside the server that do not go to the own room or a floor below. Tests may stand on any floor. */
export function upwardImports(tree: Tree): string[] {
  return eachImport(tree, (path, specifier) => {
    const target = resolveImport(path, specifier)
    if (isForTests(path) || target === null || !path.startsWith(rooms) || !target.startsWith(rooms)) return null
    const [from, to] = [roomOf(path), roomOf(target)]
    if (from.room === to.room) return null
    if (from.floor === undefined) return `the room of ${path} has no floor`
    if (to.floor !== undefined && to.floor < from.floor) return null
    return `${path} (floor ${from.floor}) imports ${target} (floor ${to.floor ?? 'unknown'})`
  })
}

/** Every way to come back to a file by following imports, named once. */
export function importCycles(tree: Tree): string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const specifier of importsOf(tree.get(path) ?? '')) {
      const target = resolveImport(path, specifier)
      if (target !== null && isSource(target) && tree.has(target)) visit(target, [...trail, path])
    }
    done.add(path)
  }
  for (const path of tree.keys()) if (isSource(path)) visit(path, [])
  return cycles
}

const rooms = 'server/src/'

function roomOf(path: string): { room: string; floor: number | undefined } {
  const [room, inside] = path.slice(rooms.length).split('/')
  return inside === undefined ? { room: '', floor: wiringFloor } : { room: room!, floor: floors[room!] }
}

function packageOf(path: string): string | null {
  const top = path.split('/')[0]!
  return top in doors ? top : null
}

function eachImport(tree: Tree, complaint: (path: string, specifier: string) => string | null): string[] {
  const found: string[] = []
  for (const [path, text] of tree) {
    if (!isSource(path)) continue
    for (const specifier of importsOf(text)) {
      const said = complaint(path, specifier)
      if (said !== null) found.push(said)
    }
  }
  return found
}
