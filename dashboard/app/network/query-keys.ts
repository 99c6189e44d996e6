import type { QueryKey } from '../table/query-bar.tsx'

/** The keys of the API's search for decisions. */
export const networkKeys: readonly QueryKey[] = [
  { key: 'verdict', hint: 'what was done', values: ['allowed', 'denied', 'observed'] },
  { key: 'kind', hint: 'about what', values: ['net', 'dns', 'exec', 'file', 'call', 'tamper', 'session', 'end'] },
  { key: 'method', hint: 'of the request', values: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], menu: false },
  {
    key: 'reason',
    hint: 'why',
    values: [
      'no-matching-rule',
      'rule',
      'address-class',
      'not-canonical',
      'name-mismatch',
      'bulk-delete',
      'protected-path',
      'not-writable',
      'system-call',
    ],
  },
  ...[
    ['host', 'a host; *.example for those below it'],
    ['path', 'of the request, or of a file'],
    ['rule', 'the rule that decided'],
    ['policy', 'the policy that it stands in'],
    ['process', 'the program, or one that started it'],
    ['proto', 'h2, http/1.1, websocket, tls, tcp'],
    ['session', 'one boundary'],
    ['seq', 'numbers of its record, as 3..7'],
    ['user', 'whose'],
    ['workspace', 'where it ran: a name or an id'],
    ['template', 'of the workspace: a name or an id'],
    ['task', 'of the workspace: a name or an id'],
    ['denial', 'one denial: dny_…'],
  ].map(([key = '', hint = '']) => ({ key, hint, values: [], menu: false })),
]
