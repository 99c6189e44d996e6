import { Fault, systemClock } from '@reeve/base'
import { type ApiKey, Scope, type User } from '@reeve/sdk'
import { type Asked, findUser, type Handlers, pageAfter } from './handlers.ts'
import { key, person } from './seed.ts'

/** People, service accounts, and the tokens of both. */

const isAdministrator = ({ roles }: User): boolean => roles.some(({ name }) => name === 'owner')

/** `key:value` and words, as the two lists here understand them. */
function readTerms(q: string, known: readonly string[]) {
  const values = (wanted: string) =>
    q.split(' ').flatMap((term) => (term.startsWith(`${wanted}:`) ? [term.slice(wanted.length + 1)] : []))
  const words = q.split(' ').filter((term) => term !== '' && !/^[a-z_]+:/.test(term))
  const unknown = q.split(' ').find((term) => /^[a-z_]+:/.test(term) && !known.includes(term.split(':')[0]!))
  if (unknown !== undefined) {
    const problems = [{ field: 'q', detail: `unknown key "${unknown.split(':')[0]}"` }]
    throw new Fault('invalid', 'the search is not understood', { problems })
  }
  return { words, values }
}

function usersLike(q: string, { world, user: viewer }: Asked): User[] {
  const seesPeople = viewer.roles.some(({ name }) => name !== 'member')
  const { words, values } = readTerms(q, ['kind', 'status', 'owner', 'role', 'last_seen_before'])
  const isOne = (wanted: string, value: string) => values(wanted).length === 0 || values(wanted).includes(value)
  const nameOf = (id: string | null) => world.users.find((user) => user.id === id)?.username ?? ''
  return world.users.filter(
    (user) =>
      (seesPeople || user.id === viewer.id || user.owner_id === viewer.id) &&
      isOne('kind', user.is_service_account ? 'service' : 'person') &&
      isOne('status', user.status) &&
      (isOne('owner', nameOf(user.owner_id)) || (values('owner').includes('me') && user.owner_id === viewer.id)) &&
      words.every((word) => user.username.includes(word)),
  )
}

function tokensLike(q: string, keys: readonly ApiKey[], { world }: Asked): ApiKey[] {
  const { words, values } = readTerms(q, ['user', 'scope', 'kind', 'used', 'used_before', 'expires_before'])
  const kindOf = ({ user_id }: ApiKey) =>
    world.users.find(({ id }) => id === user_id)?.is_service_account === true ? 'service' : 'person'
  const isOne = (wanted: string, ...have: string[]) =>
    values(wanted).length === 0 || values(wanted).some((value) => have.includes(value))
  return keys.filter(
    (one) =>
      isOne('user', one.username) &&
      isOne('scope', ...one.scopes) &&
      isOne('kind', kindOf(one)) &&
      (values('used').length === 0 || one.last_used === null) &&
      words.every((word) => one.token_name.includes(word)),
  )
}

function takeKey({ world }: Asked, ref: string): ApiKey {
  const at = world.keys.findIndex(({ id, token_name }) => id === ref || token_name === ref)
  if (at === -1) throw new Fault('not_found', 'no such token')
  return world.keys.splice(at, 1)[0]!
}

export const accountHandlers: Handlers = {
  listUsers: ({ query }, asked) => {
    const found = usersLike(query.q ?? '', asked)
    return { users: pageAfter(found, query.after_id, query.limit ?? 100), count: found.length }
  },
  createUser: ({ body }, asked) => {
    const { world, user: viewer } = asked
    if (world.users.some(({ username }) => username === body.username)) {
      throw new Fault('conflict', 'a user with this name exists', {
        problems: [{ field: 'username', detail: 'is taken' }],
      })
    }
    const made = person(systemClock.now(), body.username, body.name ?? '', body.roles?.[0] ?? 'member')
    const user: User =
      body.service_account === true
        ? {
            ...made,
            email: '',
            login_type: 'none',
            is_service_account: true,
            owner_id: body.owner === undefined ? viewer.id : responsible(asked, body.owner).id,
          }
        : { ...made, email: body.email ?? '' }
    world.users.push(user)
    return user
  },
  setServiceAccountOwner: ({ params, body }, asked) => {
    const account = findUser(asked, params.user)
    account.owner_id = responsible(asked, body.owner).id
    return account
  },
  createToken: ({ params, body }, asked) => {
    const { world } = asked
    const user = findUser(asked, params.user)
    const scopes = (body.scopes ?? [body.scope ?? 'all']).map((scope) => Scope.parse(scope))
    const days = (body.lifetime_seconds ?? 2_592_000) / 86_400
    if (days > 365) {
      const problems = [{ field: 'lifetime_seconds', detail: 'a token may live for 365 days at most' }]
      throw new Fault('invalid', 'such a token cannot be made', { problems })
    }
    const now = systemClock.now()
    const made: ApiKey = { ...key(user, body.token_name ?? 'token', scopes[0]!, now, days, null), scopes }
    if (body.allow_list !== undefined) made.allow_list = body.allow_list
    if (world.keys.some((one) => one.user_id === user.id && one.token_name === made.token_name)) {
      throw new Fault('conflict', 'you have a token of this name', {
        problems: [{ field: 'token_name', detail: 'is taken' }],
      })
    }
    world.keys.push(made)
    return { key: `rv_${made.id}_${'s3cr3t'.repeat(5)}`, id: made.id, expires_at: made.expires_at }
  },
  listTokens: ({ params, query }, asked) => {
    if (query.include_all === 'true' && !isAdministrator(asked.user)) {
      throw new Fault('forbidden', 'only those who may read the tokens of everybody can list them')
    }
    const { id } = findUser(asked, params.user)
    const now = systemClock.now().toISOString()
    const live = asked.world.keys.filter(
      (one) =>
        (query.include_all === 'true' || one.user_id === id) &&
        (query.include_expired === 'true' || one.expires_at > now),
    )
    return tokensLike(query.q ?? '', live, asked)
  },
  getTokenConfig: () => ({ max_token_lifetime: 365 * 86_400 * 1e9 }),
  deleteKey: ({ params }, asked) => void takeKey(asked, params.key),
  expireKey: ({ params }, asked) => {
    const ended = takeKey(asked, params.key)
    asked.world.keys.push({ ...ended, expires_at: systemClock.now().toISOString() })
  },
}

function responsible(asked: Asked, ref: string): User {
  const found = asked.world.users.find(({ username, id }) => username === ref || id === ref)
  if (found !== undefined && !found.is_service_account) return found
  const problems = [{ field: 'owner', detail: 'is not a person who could be responsible' }]
  throw new Fault('invalid', 'such a user cannot be made', { problems })
}
