import { channel } from 'node:diagnostics_channel'

/**
 * The published channels of `node:diagnostics_channel`. `dwebsocket:open` is published with `connection`,
 * `dwebsocket:message` with `connection`, `data` and `isBinary`, `dwebsocket:close` with `connection` and `info`,
 * `dwebsocket:error` with `connection` and `error`, and `dwebsocket:refusal` with `request` and `error`. Without
 * subscribers, each costs a single check.
 */
export const channels = {
  open: channel('dwebsocket:open'),
  message: channel('dwebsocket:message'),
  close: channel('dwebsocket:close'),
  error: channel('dwebsocket:error'),
  refusal: channel('dwebsocket:refusal'),
} as const
