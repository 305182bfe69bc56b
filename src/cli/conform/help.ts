/** `dwebsocket conform --help`. */
export const HELP = `dwebsocket conform [command] …

Tests WebSocket servers and clients against RFC 6455 and RFC 7692, rule by rule.

  dwebsocket conform URL…                   test servers (the same as: conform server URL…)
  dwebsocket conform --exec 'CMD {port}'    start a server on a free port, test it, end it
  dwebsocket conform client …               test clients                    (conform client --help)
  dwebsocket conform list [SELECTOR…]       the cases: names, titles, classes; --json
  dwebsocket conform explain CASE…          rule, bytes sent, what is accepted, RFC links
          CASE [URL] --script               the same bytes as at most twenty lines of plain Node, to send to a maintainer
  dwebsocket conform requirements [SEL…]    the rules, and how many cases look at each; --json
  dwebsocket conform report FILE -o …       turn a JSON result into other formats
  dwebsocket conform diff OLD NEW           what changed; exit code 1 when something got worse
  dwebsocket conform matrix FILE…           several results side by side: -o text, markdown or html
  dwebsocket conform serve-echo [URL]       an echo server to try the tester on
  dwebsocket conform snippet [NAME]         a minimal echo server for a common library

The server under test is expected to echo. One that does not is found out at the start, and the cases that need
an echo are skipped; ping and pong then serve as the probe.

What to run
  -c, --case SEL          a selector, repeatable, several joined by commas; default: core
  -x, --exclude SEL       leaves cases out
      --long              adds slow cases, every message of large loads
      --perf              adds sizes, throughput, round trips
      --robust            adds hostile load        --all       adds all three groups
      --list, --dry-run   only print what would run, and what would be skipped

  Selectors: a preset (core, quick, autobahn, handshake, all), a group or name (frag, hs.key, hs.key.len-*),
  ab:6.4.3 (Autobahn's id, also ab:9.*), rfc:6455/5.4 and req:6455-5.4-5 (by rule), class:must, tag:new, tag:slow,
  tag:hostile, tag:timing, failed@last.json, new@last.json, @file (one per line, # begins a comment), !SEL leaves out.

How to judge
      --strict            a broken SHOULD fails the run, too
      --fail-on WHAT      must (default), should, new (also an unexpected pass of the baseline), never
      --baseline FILE     known failures: they do not fail the run
      --write-baseline FILE   write what fails now as the baseline; reasons and dates of the old one are preserved
      --retries N         repeat a failed case; when it then passes it is flaky            (default 0)
      --bail [N]          stop after N failures                                            (default 1 when given)

How to run
  -j, --jobs N            connections at once                                              (default 8)
      --timeout S         seconds to wait for one event                                    (default 2)
      --timeout-factor X  multiplies all times: slow machines want 3 to 5                  (default 1)
      --idle S            seconds of silence in cases about silence                        (default 5)
      --deadline S        seconds for the whole run; what has not begun then is skipped
      --wait-for S        seconds to wait until the target accepts                         (default 0)
      --seed N            for keys, payloads and orders: the same seed, the same bytes     (default random, printed)
      --shuffle           random order of cases
      --exec CMD          starts the server under test; {port} is put in. It is watched, and started again after a crash

How to reach the target
  -H, --header 'N: V'     a further field of every request, repeatable
      --origin ORIGIN     --host HOST        --user NAME:PASSWORD
      --subprotocol NAME  a subprotocol the server knows: runs the cases that need one
      --unix PATH         connect to a Unix socket
      --resolve HOST:PORT:ADDRESS            connect to that address instead
      --http2             over HTTP/2 (RFC 8441), for ws:// with prior knowledge; -c h2 selects its own cases
      --insecure          accept any certificate        --ca FILE        --sni NAME
      --cert FILE --key FILE                 a certificate of the client
      --echo none         the server does not echo      --echo-prefix TEXT  it puts TEXT in front of its echoes
      --max-message BYTES the longest message to send                                      (default 16777216)
      --label NAME        how the report calls the target; repeatable, in the order of the URLs
      --i-own-this-target needed for a target that is not on this machine or in a private network

What to print
  -o, --output FORMAT[:PATH]   repeatable; text, json, jsonl, junit, tap, html, markdown, github, badge,
                          autobahn (index.json); without PATH, or with -, to standard output  (default text)
  -q, --quiet             failures only       -v  every case and the profile     -vv  with all frames
      --trace             every event on the wire, as it happens, on standard error
      --color WHEN        auto (default), always, never; NO_COLOR is heeded
      --version

Exit codes: 0 good · 1 failures · 2 wrong use or nothing selected · 3 target not reachable, or lost ·
4 internal error · 130 and 143 interrupted (the report of what ran is written).

In CI (GitHub Actions):
  - uses: actions/setup-node@v4
  - run: npm ci
  - run: npx dwebsocket conform --exec 'node echo-server.js {port}' -o github -o junit:conform.xml
`

/** `dwebsocket conform client --help`. */
export const CLIENT_HELP = `dwebsocket conform client [ws://HOST:PORT] [options]

Tests WebSocket clients: the tester is the server, and not a polite one. The client under test has to echo every message.

  dwebsocket conform client --exec 'CMD {url}'              starts the client once per connection
  dwebsocket conform client --exec 'CMD {url}' --exec-once  starts it once; it drives itself, as below
  dwebsocket conform client                                 waits for clients that drive themselves, and for browsers:
                                                            open http://127.0.0.1:9001/ and press start

      --port N            where to listen; 0 picks a free one       (default 9001, with --exec 0)
      --host HOST         the address to listen on                  (default 127.0.0.1)
      --agents N          clients that drive themselves to wait for (default 1)
      --label NAME        how the report calls a client that is started with --exec

It prints “listening ws://127.0.0.1:9001” and ends by itself when the last client is done, or when the one it started
has ended. Drivers written for Autobahn work unchanged; all answers are text messages:

  /getCaseCount                     how many connections there are: one per case, more for some
  /runCase?case=N&agent=NAME        connection N, from 1; echo until it ends. casetuple=6.4.3 names a case
  /getCaseInfo?case=N               id and title as JSON
  /getCaseStatus?case=N&agent=NAME  the verdict as JSON
  /updateReports?agent=NAME         writes the reports of that client

Their cases are those of Autobahn with -c autobahn; without, there are answers that a client must refuse as well, and
frames that no server may send. GET /results.json has the results at any time, ?agent=NAME those of one client.

With --exec the URL is in the environment as well (CONFORM_URL), and the command may say on standard output what
happens at its API, one JSON line each: {"event":"open"}, {"event":"close","code":1006,"reason":""}, {"event":"error"}.
One that says {"event":"ready"} is sent commands on standard input, {"command":"close"}: close the connection now.

Selecting, judging and printing work as for servers: dwebsocket conform --help. A PATH of -o may hold {agent}; when
there are several clients each has a file of its own.

Exit codes: 0 good · 1 failures · 2 wrong use or nothing selected · 3 no client connected, or it was gone before the last
case · 4 internal error · 130 and 143 interrupted (the report of what ran is written).
`
