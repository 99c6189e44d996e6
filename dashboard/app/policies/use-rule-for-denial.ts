import { pathOfUrl } from '@reeve/sdk'
import type { RuleText } from '@reeve/policy'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { denial } from '../api/boundaries.ts'
import { emptyRule } from './rule-text.ts'

/** Who comes from a denial finds the narrowest rule about it filled in. Once: the address forgets it then. */
export function useRuleForDenial(onRule: (rule: RuleText) => void): void {
  const { add } = useSearch({ from: '/app/policies/$policy' })
  const navigate = useNavigate({ from: '/policies/$policy' })
  const { data } = useQuery({ ...denial(add ?? ''), enabled: add !== undefined })
  const done = useRef(false)
  useEffect(() => {
    const net = data?.event.net
    if (add === undefined || net == null || done.current) return
    done.current = true
    const path = pathOfUrl(net.url).replace(/[?#].*$/, '')
    onRule({
      ...emptyRule,
      host: [net.host],
      ports: net.port === 443 ? [] : [net.port],
      tcp: net.method === null,
      methods: net.method === null ? [] : [net.method],
      paths: path === '' || net.method === null ? [] : [path],
    })
    void navigate({ search: (old) => ({ ...old, add: undefined }), replace: true })
  }, [add, data, navigate, onRule])
}
