/**
 * Whether only documented API of node and plain JavaScript are used: `DWEBSOCKET_PORTABLE=1` in the environment. What
 * goes into the insides of sockets and what runs in WebAssembly has a portable twin, for comparing the two and for a
 * runtime on which one of them misbehaves.
 */
export const isPortable = process.env['DWEBSOCKET_PORTABLE'] === '1'
