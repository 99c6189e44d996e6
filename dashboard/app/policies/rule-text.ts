import type { RuleText } from '@reeve/policy'

/** What a new rule begins with. */
export const emptyRule: RuleText = {
  id: '',
  effect: 'allow',
  host: [],
  ports: [],
  tcp: false,
  methods: [],
  paths: [],
  exe: [],
  reason: null,
  expires: null,
}

/** Words of a field: on lines, or with spaces or commas between them. */
export const wordsIn = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '')
