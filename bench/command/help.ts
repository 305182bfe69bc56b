import { ATTACKS } from '../scenarios/hostile.ts'
import { PEERS } from '../servers/known-servers.ts'
import { TABLE } from './project-rows.ts'

/** The text of `--help`. */
export function helpText(): string {
  const peers = PEERS.map((peer) => `  ${peer.name.padEnd(20)} ${peer.description}`).join('\n')
  return `Usage: dwebsocket bench COMMAND [options]

Measures what WebSocket servers cost: processor time of the server per message, as the
operating system counts it, peers side by side in interleaved rounds. Every reply is checked.
Only ratios within one run mean something; absolute figures depend on the machine.

Scenarios
  echo        every message comes back as it was sent
  upload      every message is answered by its length (text: decoded to a string)
  broadcast   one member sends, every member receives
  idle        resident memory per silent connection
  handshake   connect, upgrade, close, disconnect
  deflate     compressed echo with the offer of a browser; --memory: bytes per connection
  hostile     peers that mean harm: memory at its peak, and how the server ends them

Other commands
  micro                      parser, encoder, masking, UTF-8, accept key in memory
  table [ROW...]             the project's table of promises, measured against its targets
  compare OLD.json NEW.json  what changed beyond the noise; exits 1 on a regression

What is measured
  --against LIST       peers to measure beside, comma-separated ('none': nobody)
  --api API            connection (default) or session: the API of dwebsocket in use
  --portable           dwebsocket on documented API and plain JavaScript alone
  --url ws://...       a server that runs already, instead of dwebsocket; with --pid N its cost is known
  --exec 'CMD {port}'  a server started by this command, instead of dwebsocket

The load (a comma-separated list of numbers measures every combination)
  --size LIST          payload bytes of a message                    (128; upload 1048576; deflate 1024)
  --kind KIND          binary, ascii, cjk or json                    (binary; broadcast ascii; deflate json)
  --connections LIST   connections at the same time                  (32; broadcast 1000; idle 9500)
  --depth LIST         messages in flight per connection             (1)
  --rate N             messages per second by the clock, whatever the server does; latency counts
                       from when a message was due                   (0: the next after the reply)
  --stalled N          broadcast: further members that never read    (0)
  --attack LIST        hostile: ${ATTACKS.join(', ')}
  --memory             deflate: bytes per connection instead of processor time

The run
  --rounds N           rounds per peer, in rotated order             (7; quick 3)
  --duration SECONDS   measured time of a round                      (1.5; quick 0.3)
  --warmup SECONDS     unmeasured time before it                     (0.4; quick 0.15)
  --quick              fewer and shorter rounds: a first look
  --no-pin             leave it to the system which processor runs what

Output
  --json               the whole report as JSON on standard output instead of the table
  --markdown           the report as tables for a README instead
  --html FILE          a page of its own with plots
  --list               table: print the rows and their targets, measure nothing
  --tolerance PERCENT  compare: changes up to this are noise         (10)

Peers
${peers}
Peers come from bench/node_modules (npm ci --prefix bench) or from where the command runs.

Rows of the table
${TABLE.map((row) => `  ${row.id.padEnd(20)} ${row.title}`).join('\n')}
  parser               frames of up to 32 bytes, parsed in memory

Exit codes: 0 measured, 1 a target missed (table) or a regression (compare), 2 wrong arguments,
3 nothing could be measured.

Examples
  dwebsocket bench echo --size 128 --depth 64 --against ws,ws+cork,raw
  dwebsocket bench echo --size 16,128,1024,16384 --html echo.html
  dwebsocket bench echo --rate 20000 --exec 'node my-server.js {port}' --against ws
  dwebsocket bench table --quick
`
}
