import { ATTACKS } from '../scenarios/hostile.ts'
import { KNOWN_SERVERS } from '../servers/known-servers.ts'
import { PROJECT_ROWS } from './project-rows.ts'

const INTRODUCTION = `Usage: dwebsocket bench COMMAND [options]

Measures the cost of WebSocket servers: the processor time that a server spends on each message,
as counted by the operating system. All servers are measured in interleaved rounds, and every
reply is checked. Compare figures only within one run; absolute figures depend on the machine.`

const COMMANDS = `Scenarios
  echo        every message is sent back
  upload      the server answers every message with its length (text is decoded to a string)
  broadcast   one member sends, and every member receives
  idle        resident memory per silent connection
  keepalive   one ping and its pong per second on each silent connection
  handshake   a client connects, upgrades, closes and disconnects
  deflate     compressed echo, with a browser's extension offer; --memory measures bytes per connection
  hostile     peak memory under attack, and how the server closes the hostile peers

Other commands
  micro                      measures the parser, the encoder, masking, UTF-8 decoding and the accept key in memory
  table [ROW...]             measures the rows of the project's table and compares them with their targets
  compare OLD.json NEW.json  shows what changed beyond the noise; exits with 1 on a regression`

const OPTIONS = `What is measured
  --against LIST       servers to compare with, comma-separated ('none' for no other server)
  --api API            the API of dwebsocket: connection (default), session, borrowed, streamed
                       or borrowed-parts
  --portable           runs dwebsocket without its fast code (DWEBSOCKET_PORTABLE=1)
  --url ws://...       measures a running server instead of dwebsocket; to measure its cost, add --pid N
  --exec 'CMD {port}'  starts CMD and measures it instead of dwebsocket
  --http2              compares HTTP/2 (RFC 8441) with HTTP/1.1 over TLS; HTTP/2 carries 100 WebSockets per connection;
                       --url wss://... selects HTTP/2 by ALPN; ws:// and --exec use prior knowledge

The load (a LIST is comma-separated; every combination is measured)
  --size LIST          payload bytes of a message                    (128; upload 1048576; deflate 1024)
  --kind KIND          binary, ascii, cjk or json                    (binary; broadcast ascii; deflate json)
  --connections LIST   concurrent connections                        (32; broadcast 1000; idle, keepalive 9500)
  --depth LIST         messages in flight per connection             (1)
  --rate N             messages per second, sent at fixed times whatever the server does; latency is measured
                       from the time when a message was due          (0: send the next after the reply)
  --stalled N          broadcast: additional members that never read (0)
  --attack LIST        hostile: the attacks to run, out of ${ATTACKS.join(', ')}
  --memory             deflate: measures bytes per connection instead of processor time

The run
  --rounds N           rounds for each server, in rotating order     (7; quick 3)
  --duration SECONDS   measured time of a round                      (1.5; quick 0.3)
  --warmup SECONDS     unmeasured time before each round             (0.4; quick 0.15)
  --quick              runs fewer and shorter rounds, for a first look
  --no-pin             lets the system choose the processor of each process

Output
  --json               prints the whole report as JSON, not as plain text
  --markdown           prints the report as Markdown tables, not as plain text
  --html FILE          writes a self-contained page with plots
  --list               table: prints the rows and their targets without measuring them
  --tolerance PERCENT  compare: changes up to this count as noise    (10)`

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
