import { createServer } from '../../../src/index.ts'

/** An echo server on the port of the command line, which `--exec` starts in a test. */
const server = createServer()
server.onConnection = (connection) => {
  connection.onMessage = (data) => void connection.send(data)
}
void server.listen(Number(process.argv[2]))
