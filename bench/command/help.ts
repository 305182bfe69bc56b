import { ATTACKS } from '../scenarios/hostile.ts'
import { KNOWN_SERVERS } from '../servers/known-servers.ts'
import { PROJECT_ROWS } from './project-rows.ts'

const INTRODUCTION = `Usage: dwebsocket bench COMMAND [options]

Measures the cost of WebSocket servers: the processor time of the server for each message, as
counted by the operating system. The servers run side by side in interleaved rounds, and every
reply is checked. Compare figures only within one run; absolute figures depend on the machine.`

const COMMANDS = `Scenarios
  echo        every message is sent back
  upload      the server answers every message with its length (text is decoded to a string)
  broadcast   one member sends, every member receives
  idle        resident memory per silent connection
  keepalive   one ping a second on each silent connection, and its pong
  handshake   connect, upgrade, close, disconnect
  deflate     compressed echo with the offer of a browser; --memory measures bytes per connection
  hostile     peak memory under attack, and how the server closes the hostile peers

Other commands
  micro                      measures parser, encoder, masking, UTF-8 and accept key in memory
  table [ROW...]             measures the rows of this project and compares them with their targets
  compare OLD.json NEW.json  shows what changed beyond the noise; exits with 1 on a regression`

const OPTIONS = `What is measured
  --against LIST       servers to compare with, comma-separated ('none': no other)
  --api API            the API of dwebsocket: connection (default), session, borrowed, streamed
                       or borrowed-parts
  --portable           runs dwebsocket with only documented APIs and plain JavaScript
  --url ws://...       a running server instead of dwebsocket; --pid N is needed to measure its cost
  --exec 'CMD {port}'  a server started by this command instead of dwebsocket
  --http2              compares HTTP/2 (RFC 8441), with 100 WebSockets on each connection, and HTTP/1.1 over TLS;
                       --url wss://... selects HTTP/2 by ALPN; ws:// and --exec use prior knowledge

The load (a comma-separated list of numbers measures every combination)
  --size LIST          payload bytes of a message                    (128; upload 1048576; deflate 1024)
  --kind KIND          binary, ascii, cjk or json                    (binary; broadcast ascii; deflate json)
  --connections LIST   connections at the same time                  (32; broadcast 1000; idle, keepalive 9500)
  --depth LIST         messages in flight per connection             (1)
  --rate N             messages per second, at fixed times whatever the server does; latency is measured
                       from the time when a message was due          (0: send the next after the reply)
  --stalled N          broadcast: additional members that never read (0)
  --attack LIST        hostile: the attacks, from ${ATTACKS.join(', ')}
  --memory             deflate: measures bytes per connection instead of processor time

The run
  --rounds N           rounds for each server, in rotating order     (7; quick 3)
  --duration SECONDS   measured time of a round                      (1.5; quick 0.3)
  --warmup SECONDS     time before each round that is not measured   (0.4; quick 0.15)
  --quick              runs fewer and shorter rounds, for a first look
  --no-pin             lets the system choose the processor of each process

Output
  --json               prints the whole report as JSON, not as plain text
  --markdown           prints the report as Markdown tables, not as plain text
  --html FILE          writes a self-contained page with plots
  --list               table: prints the rows and their targets without measuring them
  --tolerance PERCENT  compare: changes up to this are noise         (10)`

const EXAMPLES = `Exit codes: 0 measured, 1 missed target (table) or regression (compare), 2 wrong arguments,
3 nothing could be measured.

Examples
  dwebsocket bench echo --size 128 --depth 64 --against ws,ws+cork,raw
  dwebsocket bench echo --size 16,128,1024,16384 --html echo.html
  dwebsocket bench echo --rate 20000 --exec 'node my-server.js {port}' --against ws
  dwebsocket bench echo --http2 --depth 1,64
  dwebsocket bench table --quick`

/** The text of `--help`. */
export function helpText(): string {
  const servers = [
    'Servers for --against',
    ...KNOWN_SERVERS.map(({ name, description }) => `  ${name.padEnd(20)} ${description}`),
    'Other servers are loaded from bench/node_modules (npm ci --prefix bench) or from the current folder.',
  ]
  const rows = [
    'Rows of the table',
    ...PROJECT_ROWS.map(({ id, title }) => `  ${id.padEnd(20)} ${title}`),
    '  parser               frames of up to 32 bytes, parsed in memory',
  ]
  const sections = [INTRODUCTION, COMMANDS, OPTIONS, servers.join('\n'), rows.join('\n'), EXAMPLES]
  return `${sections.join('\n\n')}\n`
}
