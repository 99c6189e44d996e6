import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { announce } from './announce.ts'
import { Button, IconButton } from './button.tsx'

/** Copies and says so where it happened; there is no toast. */
function useCopied(): [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  return [copied, (text) => void copyText(text).then(() => setCopied(true))]
}

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    announce('Copied')
  } catch {
    announce('The browser did not allow copying')
  }
}

export function CopyButton({ label = 'Copy', text }: { label?: string; text: string }) {
  const [copied, copy] = useCopied()
  return (
    <Button onClick={() => copy(text)}>
      {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      {copied ? 'Copied' : label}
    </Button>
  )
}

/** An id in full on hover and in the clipboard, shortened on the screen. */
export function CopyIcon({ label, text }: { label: string; text: string }) {
  const [copied, copy] = useCopied()
  return (
    <IconButton
      label={copied ? 'Copied' : label}
      icon={copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      className="size-6"
      onClick={() => copy(text)}
    />
  )
}

/** Lines to run in a terminal, with one button that copies all of them. */
export function Commands({ label, lines }: { label: string; lines: readonly string[] }) {
  const text = lines.join('\n')
  return (
    <div className="flex items-start gap-2 rounded-lg border border-line bg-sunken py-1.5 pr-1.5 pl-3 text-left text-text">
      <pre aria-label={label} className="mono min-w-0 flex-1 py-1.5 leading-5 wrap-anywhere whitespace-pre-wrap">
        {text}
      </pre>
      <CopyIcon label={`Copy: ${label}`} text={text} />
    </div>
  )
}
