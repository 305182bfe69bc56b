/**
 * Whether this folder may use WebAssembly and undocumented fields of Node's objects. `DWEBSOCKET_PORTABLE=1` in the
 * environment turns that off, for comparison and for runtimes where it fails. Exceptions: code that checks whether the
 * fields exist, and the two functions of `node-http.ts`, which have no replacement.
 */
export const isFastEnabled = process.env['DWEBSOCKET_PORTABLE'] !== '1'
