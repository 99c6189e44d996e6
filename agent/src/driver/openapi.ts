/** The description of the interface, as its own clients read it. */
const message = {
  type: 'object',
  required: ['id', 'role', 'content', 'time'],
  properties: {
    id: { type: 'integer' },
    role: { type: 'string', enum: ['user', 'agent'] },
    content: { type: 'string' },
    time: { type: 'string', format: 'date-time' },
  },
}
const ok = { type: 'boolean', description: 'Always true' }
const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const object = (properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})
const answers = (description: string, schema: object) => ({
  200: { description, ...json(schema) },
  default: {
    description: 'Error',
    content: {
      'application/problem+json': {
        schema: object({
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
          errors: { type: 'array', items: { type: 'object' } },
        }),
      },
    },
  },
})
const status = { type: 'string', enum: ['stable', 'running'] }

export const openApi = {
  openapi: '3.1.0',
  info: { title: 'AgentAPI', version: '0.12.1', description: 'A conversation with a coding agent' },
  paths: {
    '/status': {
      get: {
        operationId: 'get-status',
        summary: 'Whether the agent waits for a message',
        responses: answers(
          'The status',
          object({ status, agent_type: { type: 'string' }, transport: { type: 'string', enum: ['pty', 'acp'] } }),
        ),
      },
    },
    '/messages': {
      get: {
        operationId: 'get-messages',
        summary: 'All messages of the conversation',
        responses: answers('The messages', object({ messages: { type: 'array', items: message } })),
      },
    },
    '/message': {
      post: {
        operationId: 'post-message',
        summary: 'Gives the agent a message; refused unless its status is stable',
        requestBody: {
          required: true,
          ...json(object({ content: { type: 'string' }, type: { type: 'string', enum: ['user', 'raw'] } })),
        },
        responses: answers('The agent has it', object({ ok })),
      },
    },
    '/events': {
      get: {
        operationId: 'subscribe-events',
        summary: 'The conversation as it stands, then message_update, status_change and agent_error',
        responses: { 200: { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } } },
      },
    },
    '/internal/screen': {
      get: {
        operationId: 'subscribe-screen',
        summary: 'The screen as it stands, then screen_update; not of an agent that runs without one',
        responses: { 200: { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } } },
      },
    },
    '/upload': {
      post: {
        operationId: 'upload-files',
        summary: 'Puts a file of at most 10 MiB where the agent can read it',
        requestBody: {
          required: true,
          content: { 'multipart/form-data': { schema: object({ file: { type: 'string', format: 'binary' } }) } },
        },
        responses: answers('Where it lies', object({ ok, filePath: { type: 'string' } })),
      },
    },
  },
} as const
