/**
 * What a program needs of the environment to find its way; PG… is how PostgreSQL’s clients are told about TLS, and
 * LD_LIBRARY_PATH where Node finds the library that a bare Debian lacks (`scripts/libatomic.sh`).
 */
const wanted =
  /^(?:PATH|HOME|TZ|LANG|LC_[A-Z]+|LD_LIBRARY_PATH|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|PG[A-Z]+)$/

/**
 * The environment for a process that we start. Ours holds the keys of providers and of the keyring, and whoever reads
 * the memory, a core dump or `/proc` of a child must not find them there.
 */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted.test(name)))
}

/** For each Node that we start: without it SIGUSR1 opens its debugger to every user of the machine. */
export const noDebugger = '--disable-sigusr1'
