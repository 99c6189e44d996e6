/**
 * The environment of the command: that of the boundary, without what is the boundary's own or leads out of the sandbox,
 * and with what makes programs trust it.
 */
export function sandboxEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || isWithheld(name) ? [] : [[name, value] as const],
  )
  return { ...Object.fromEntries(kept), ...added }
}

const isWithheld = (name: string): boolean => withheld.has(name) || withheldFamilies.test(name)

/**
 * Tokens of the control plane, and the boundary's settings: nothing inside needs to know them. What `reeve connect` sets
 * for an agent goes along: a token that can ask models and nothing else.
 */
const withheldFamilies =
  /^(REEVE_(?!(CODEX|OPENCODE)_(TOKEN|BASE_URL)$)|BOUNDARY_|CODER_(AGENT_TOKEN|SESSION_TOKEN|AGENT_AUTH)|NODE_CHANNEL_|NODE_COMPILE_CACHE$)/

/** Sockets outside of the sandbox, which are not there for it, and proxies that are not needed. */
const withheld = new Set([
  'SSH_AUTH_SOCK',
  'SSH_AGENT_PID',
  'GPG_AGENT_INFO',
  'DBUS_SESSION_BUS_ADDRESS',
  'DBUS_SYSTEM_BUS_ADDRESS',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'TMUX',
  'TMUX_PANE',
  'STY',
  'VSCODE_IPC_HOOK_CLI',
  'VSCODE_GIT_IPC_HANDLE',
  'VSCODE_GIT_ASKPASS_NODE',
  'DOCKER_HOST',
  'CONTAINER_HOST',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'FTP_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'ftp_proxy',
])
