export * from 'dwebsocket/ws'
export { default } from 'dwebsocket/ws'
