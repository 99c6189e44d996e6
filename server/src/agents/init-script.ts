import { agentBundlePath } from '@reeve/sdk'
import type { AgentPlatform } from '../provisioning/build-context.ts'
import { executableFiles, offersExecutable } from './executable.ts'

const architectures: Readonly<Record<string, string>> = { amd64: 'x64', arm64: 'arm64' }

/**
 * What a machine runs to become a workspace: fetches the agent from the control plane and runs it. The machine needs a
 * POSIX shell and the agent's token in the environment. Where it has Node.js 22 or newer, on its path or where REEVE_NODE
 * says, that runs the agent; else a machine like the server's own fetches the agent as one program.
 *
 * The shell stays, and starts the agent again where a signal ended it that the shell was not told of: somebody killed it,
 * or the machine had no memory left. It finds what was left by the folder in its environment (`earlier-processes.ts`).
 */
export function initScript({ os, arch, auth, accessUrl }: AgentPlatform): string {
  const url = accessUrl.replace(/\/+$/, '')
  if (os === 'windows') return 'Write-Error "Reeve has no agent for Windows."; exit 1\n'
  const isLikeUs = offersExecutable && os === process.platform && architectures[arch] === process.arch
  return `#!/bin/sh
set -eu
CODER_AGENT_URL=${quoted(url)}
CODER_AGENT_AUTH=${quoted(auth)}
export CODER_AGENT_URL CODER_AGENT_AUTH
node=\${REEVE_NODE:-node}
fail() {
  echo "reeve agent: $1" >&2
  exit 127
}
has() { command -v "$1" >/dev/null 2>&1; }
fetch_once() {
  if has curl; then curl -fsSL -o "$2" "$CODER_AGENT_URL$1"
  elif has wget; then wget -q -O "$2" "$CODER_AGENT_URL$1"
  elif has busybox; then busybox wget -q -O "$2" "$CODER_AGENT_URL$1"
  elif has "$node"; then
    "$node" -e 'fetch(process.argv[1]).then(async (answer) => {
      if (!answer.ok) throw new Error(answer.status + " from " + answer.url)
      require("node:fs").writeFileSync(process.argv[2], Buffer.from(await answer.arrayBuffer()))
    }).catch((error) => { console.error(error.message); process.exit(1) })' "$CODER_AGENT_URL$1" "$2"
  else fail 'this machine has neither curl nor wget: put one of them, or Node.js, into the image'
  fi
}
fetch() {
  until fetch_once "$1" "$2"; do
    echo "reeve agent: $1 is not fetched yet" >&2
    sleep 3
  done
}
has mktemp || fail 'this machine has no mktemp: put the usual tools of a shell into the image'
folder=$(mktemp -d)
REEVE_AGENT_FOLDER=$folder
export REEVE_AGENT_FOLDER
${keepRunning}
if "$node" -e 'process.exit(parseInt(process.versions.node) < 22 ? 1 : 0)' >/dev/null 2>&1; then
  fetch ${agentBundlePath} "$folder/reeve-agent.cjs"
  keep_running "$node" "$folder/reeve-agent.cjs"
fi
${isLikeUs ? withoutNode : 'fail "this machine has no Node.js 22: put it into the image, or say with REEVE_NODE where it is"'}
`
}

const { program, packed, checksum, library } = executableFiles

/**
 * A signal may come at any moment: before there is a child, which is told once it is there, and while one is waited for,
 * which ends the waiting and not the child. The time between two starts only grows: what is killed again and again runs
 * its start scripts again and again.
 */
const keepRunning = `asked=
child=
ask_to_end() {
  asked=yes
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :
}
code_of() {
  child=
  "$@" &
  child=$!
  [ -z "$asked" ] || ask_to_end
  while :; do
    code=0
    wait "$child" || code=$?
    kill -0 "$child" 2>/dev/null || break
  done
}
keep_running() {
  trap ask_to_end TERM INT
  pause=1
  while :; do
    code_of "$@"
    ended=$code
    [ -z "$asked" ] && [ "$ended" -gt 128 ] || break
    echo "reeve agent: it was ended by signal $((ended - 128)), and is started again in $pause s" >&2
    code_of sleep "$pause"
    [ -z "$asked" ] || break
    pause=$((pause * 2))
    [ "$pause" -le 30 ] || pause=30
  done
  ! has rm || rm -rf "$folder"
  exit "$ended"
}`

/** A program that does not start without the library gets it, and nothing that it starts does. */
const withoutNode = `agent=$folder/${program}
fetch /bin/${checksum} "$agent.sha256"
if has gzip; then
  fetch /bin/${packed} "$agent.gz"
  gzip -d "$agent.gz"
else
  fetch /bin/${program} "$agent"
fi
if has sha256sum; then
  (cd "$folder" && sha256sum -c ${program}.sha256 >/dev/null) || fail 'what was fetched is not what was to be fetched'
fi
chmod 755 "$agent"
starts() { "$agent" command reeve stat --help >/dev/null 2>&1; }
if ! starts; then
  mkdir "$folder/lib"
  fetch /bin/${library} "$folder/lib/libatomic.so.1"
  REEVE_AGENT_LIBRARIES=$folder/lib
  LD_LIBRARY_PATH=$folder/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export REEVE_AGENT_LIBRARIES LD_LIBRARY_PATH
  starts || fail 'the agent does not start here: it needs glibc 2.28 and libstdc++, or put Node.js 22 into the image'
fi
keep_running "$agent"`

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
