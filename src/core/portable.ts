/**
 * Whether every fast path is left alone for its plain twin: `DWEBSOCKET_PORTABLE=1` in the environment. For comparing
 * the two, and for a runtime on which a fast path misbehaves.
 */
export const isPortable = process.env['DWEBSOCKET_PORTABLE'] === '1'
