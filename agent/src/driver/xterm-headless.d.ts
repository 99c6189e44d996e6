/** The package's smaller build, which it ships without types of its own: these are the same. */
declare module '@xterm/headless/lib-headless/xterm-headless.mjs' {
  export { Terminal } from '@xterm/headless'
}
