import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { withAdoptedStyles } from './with-adopted-styles.ts'

/** A terminal in an element, on a WebSocket to the agent. `onClosed` is told why it is over. */
export function openTerminal(
  element: HTMLElement,
  { agent, session, onClosed }: { agent: string; session: string; onClosed: (why: string) => void },
): Disposable {
  const colours = getComputedStyle(document.documentElement)
  const colour = (name: string) => colours.getPropertyValue(`--${name}`).trim()
  const terminal = new Terminal({
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
    fontSize: 13,
    screenReaderMode: true,
    scrollback: 5_000,
    theme: { background: resolved(colour('sunken')), foreground: resolved(colour('text')) },
    // What runs in the workspace says where a link leads, and shows other words for it: none of them is followed.
    linkHandler: { activate: () => {} },
  })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  withAdoptedStyles(() => terminal.open(element))
  fit.fit()
  terminal.focus()

  const query = new URLSearchParams({ reconnect: session, ...words(terminal) })
  const socket = new WebSocket(`/api/v2/workspaceagents/${agent}/pty?${query.toString()}`)
  socket.binaryType = 'arraybuffer'
  const say = (value: object): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(value))
  }
  socket.addEventListener('message', ({ data }) => terminal.write(new Uint8Array(data)))
  let isLeft = false
  socket.addEventListener('close', ({ reason }) => {
    if (!isLeft) onClosed(reason === '' ? 'the connection is lost' : reason)
  })
  terminal.onData((data) => say({ data }))
  terminal.onResize((size) => say({ height: size.rows, width: size.cols }))
  const watch = new ResizeObserver(() => fit.fit())
  watch.observe(element)
  return {
    [Symbol.dispose]() {
      isLeft = true
      watch.disconnect()
      socket.close()
      terminal.dispose()
    },
  }
}

const words = ({ rows, cols }: Terminal) => ({ height: String(rows), width: String(cols) })

/** One colour of the two that `light-dark()` names; xterm reads no functions. */
function resolved(given: string): string {
  const probe = document.createElement('span')
  probe.style.color = given
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
