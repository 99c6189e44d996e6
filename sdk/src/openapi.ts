import type { FaultCode } from '@reeve/base'
import { z } from 'zod'
import type { Endpoint, Schema, Upload } from './endpoint.ts'
import type { Messages, SocketEndpoint } from './socket-endpoint.ts'
import { ApiError } from './problem.ts'

/** The OpenAPI 3.1 document of lists of endpoints: the same values that serve, described for other people's tools. */
export interface OpenApiOptions {
  readonly version: string
  /** The status of a fault; the server owns this table. */
  readonly statusOf: (code: FaultCode) => number
  readonly sockets: readonly SocketEndpoint[]
}

type Json = Readonly<Record<string, unknown>>

export function openApiDocument(endpoints: readonly Endpoint[], { version, statusOf, sockets }: OpenApiOptions): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const endpoint of endpoints) {
    for (const [i, path] of [endpoint.path, ...endpoint.aliases].entries()) {
      const template = templateOf(path)
      paths[template] ??= {}
      paths[template][endpoint.method.toLowerCase()] = operation(endpoint, i, statusOf)
    }
  }
  for (const socket of sockets) {
    // A form is asked over a WebSocket, and once by a POST to the same path.
    const template = templateOf(socket.path)
    paths[template] = { ...paths[template], get: socketOperation(socket, statusOf) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reeve',
      version,
      description: 'The management API of Reeve.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [...new Set([...endpoints, ...sockets].map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ApiError: jsonSchema(ApiError, 'output') },
      securitySchemes: {
        sessionToken: { type: 'apiKey', in: 'header', name: 'Reeve-Session-Token' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
  }
}

const templateOf = (path: string): string => path.replaceAll(/:([a-z_]+)/g, '{$1}')

/** OpenAPI has no words for a WebSocket: its way in is described as a GET, and its messages under `x-websocket`. */
function socketOperation(socket: SocketEndpoint, statusOf: OpenApiOptions['statusOf']): Json {
  const { name, summary, tag, permission, takes, says } = socket
  return {
    operationId: name,
    summary,
    tags: [tag],
    ...access(permission),
    parameters: [...parameters(socket.params, 'path'), ...parameters(socket.query, 'query')],
    responses: {
      101: { description: 'A WebSocket; see x-websocket.' },
      ...failures({ permission, faults: ['not_found', 'limited'] }, statusOf),
    },
    'x-websocket': { client: messages(takes, 'input'), server: messages(says, 'output') },
  }
}

const messages = ({ description, schema }: Messages, io: 'input' | 'output'): Json => ({
  description,
  ...(schema === null ? {} : { schema: jsonSchema(schema, io) }),
})

const access = (permission: Endpoint['permission']): Json => ({
  description: permission === 'public' ? 'Needs no credential.' : `Permission: ${permission}.`,
  security: permission === 'public' ? [] : [{ sessionToken: [] }, { bearer: [] }],
})

/** The `index`-th path of the endpoint; operation ids are unique, and aliases are marked as such. */
function operation(endpoint: Endpoint, index: number, statusOf: OpenApiOptions['statusOf']): Json {
  const { name, summary, tag, permission, body, upload } = endpoint
  return {
    operationId: index === 0 ? name : `${name}Alias${index}`,
    summary: index === 0 ? summary : `${summary} (the same as ${endpoint.path})`,
    tags: [tag],
    ...access(permission),
    parameters: [...parameters(endpoint.params, 'path'), ...parameters(endpoint.query, 'query')],
    ...(body === null ? {} : { requestBody: upload === null ? requestBody(body) : bytesBody(upload) }),
    responses: { [endpoint.status]: success(endpoint), ...failures(endpoint, statusOf) },
  }
}

function parameters(schema: Schema<unknown>, place: 'path' | 'query'): Json[] {
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...described } = jsonSchema(field, 'input')
    const required = place === 'path' || !z.safeParse(field, undefined).success
    return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: described }
  })
}

function requestBody(schema: Schema<unknown>): Json {
  const required = schema instanceof z.ZodType && !schema.safeParse(undefined).success
  return { required, content: { 'application/json': { schema: jsonSchema(schema, 'input') } } }
}

function bytesBody({ types, bytesMax }: Upload): Json {
  const schema = { type: 'string', format: 'binary', maxLength: bytesMax }
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema }])) }
}

function success({ status, answers, result }: Endpoint): Json {
  if (status === 204) return { description: 'Done; there is nothing to say.' }
  if (answers === 'redirect') return { description: 'The browser is sent elsewhere.' }
  if (answers === 'bytes') {
    return {
      description: 'The bytes.',
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    }
  }
  const schema = jsonSchema(result, 'output')
  if (answers === 'json') return { description: 'Done.', content: { 'application/json': { schema } } }
  const description = 'Server-sent events; the data of each is the schema.'
  return { description, content: { 'text/event-stream': { schema: { type: 'string', contentSchema: schema } } } }
}

/** What the operation declares, and what any operation may answer. */
function failures(
  { permission, faults }: Pick<Endpoint, 'permission' | 'faults'>,
  statusOf: OpenApiOptions['statusOf'],
): Json {
  const always: FaultCode[] =
    permission === 'public' ? ['invalid', 'internal'] : ['invalid', 'unauthenticated', 'forbidden', 'internal']
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/ApiError' } } }
  const entries = [...new Set([...always, ...faults])].map(
    (code) => [statusOf(code), { description: code, content }] as const,
  )
  return Object.fromEntries(entries.toSorted(([a], [b]) => a - b))
}

function jsonSchema(schema: unknown, io: 'input' | 'output'): Json {
  if (!(schema instanceof z.ZodType)) return {}
  const { $schema: _, '~standard': __, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
