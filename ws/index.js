module.exports = require('dwebsocket/ws')
