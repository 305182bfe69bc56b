module.exports = () => {
  throw new Error('ws does not work in the browser; browser clients must use the native WebSocket object')
}
