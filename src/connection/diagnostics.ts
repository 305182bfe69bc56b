import { channel } from 'node:diagnostics_channel'

/**
 * The published channels of `node:diagnostics_channel`, each with `{ connection, … }`: `dwebsocket:open`,
 * `dwebsocket:message` with `data` and `isBinary`, `dwebsocket:close` with `info`, `dwebsocket:error` with `error`, and
 * `dwebsocket:refusal` with `request` and `error`. Without subscribers, each costs a single check.
 */
export const channels = {
  open: channel('dwebsocket:open'),
  message: channel('dwebsocket:message'),
  close: channel('dwebsocket:close'),
  error: channel('dwebsocket:error'),
  refusal: channel('dwebsocket:refusal'),
} as const
