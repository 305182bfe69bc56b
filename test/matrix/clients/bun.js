require('./standard.cjs').echo(new WebSocket(process.argv[2]))
