import { connect, createServer, type Socket } from 'node:net'

/**
 * A program of its own, which Node.js runs in a jail with a network of its own: whoever connects to one of the places gets
 * to the socket. Beside the modules of Node there is nothing in the jail that it could import.
 *
 *     node relay.mts SOCKET PORT ADDRESS...
 */
const [path = '', port = '', ...addresses] = process.argv.slice(2)

function join(near: Socket): void {
  const far = connect({ path, allowHalfOpen: true })
  const cut = (): void => {
    near.destroy()
    far.destroy()
  }
  for (const socket of [near, far]) socket.on('error', cut)
  near.pipe(far)
  far.pipe(near)
}

for (const host of addresses) {
  // One kind of address may not be there.
  createServer({ allowHalfOpen: true, noDelay: true }, join)
    .on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT') process.exit(1)
    })
    .listen({ host, port: Number(port) })
}
