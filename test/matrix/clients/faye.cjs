const { Client } = require('faye-websocket')
const deflate = process.argv[3] === 'deflate' ? [require('permessage-deflate')] : []
const socket = new Client(process.argv[2], [], { extensions: deflate })
require('./standard.cjs').echo(socket)
