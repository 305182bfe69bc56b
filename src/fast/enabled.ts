/**
 * Whether this folder may use WebAssembly and undocumented fields of Node's objects. `DWEBSOCKET_PORTABLE=1` in the
 * environment turns that off. Everything in this folder has a plain replacement, for comparison and for runtimes where
 * it fails.
 */
export const isFastEnabled = process.env['DWEBSOCKET_PORTABLE'] !== '1'
