/** `dwebsocket conform --help`. */
export const HELP = `dwebsocket conform [command] …

Tests WebSocket servers and clients against RFC 6455 and RFC 7692, rule by rule.

  dwebsocket conform URL…                   test servers (the same as: conform server URL…)
  dwebsocket conform --exec 'CMD {port}'    start a server on a free port, test it, and stop it
  dwebsocket conform client …               test clients (see conform client --help)
  dwebsocket conform list [SELECTOR…]       list the cases with their names, titles and classes; --json
  dwebsocket conform explain CASE…          show the rule, the bytes, what is accepted, and links to the RFC
          CASE [URL] --script               print a short program of plain Node.js that sends the same bytes, for a
                                            report to a maintainer; in a case for clients, it is the server
  dwebsocket conform requirements [SEL…]    list the rules, and how many cases check each of them; --json
  dwebsocket conform report FILE -o …       convert a JSON result to other formats
  dwebsocket conform diff OLD NEW           show what changed; exit with 1 if a result got worse
  dwebsocket conform matrix FILE…           show several results side by side: -o text, markdown or html
  dwebsocket conform serve-echo [URL]       start an echo server for trying out the tester
  dwebsocket conform snippet [NAME]         print a minimal echo server for a common library

The server under test should echo every message. If it does not, the tester notices this at the start and skips the
cases that need an echo. It then uses ping and pong to check that the server still works.

Which cases run
  -c, --case SEL          select cases; repeatable, or several selectors separated by commas   (default core)
  -x, --exclude SEL       exclude cases
      --long              add slow cases, and send all messages in cases that otherwise send only a sample
      --perf              add cases for large messages, throughput and round trips
      --robust            add cases with hostile load
      --all               add all three groups
      --list, --dry-run   only print which cases would run, and which would be skipped

  A selector is one of these; !SEL excludes what SEL selects:
    a preset              core, quick, autobahn, handshake, all
    a group or a name     frag, hs.key, hs.key.len-*
    an Autobahn id        ab:6.4.3, ab:9.*
    a rule                rfc:6455/5.4, req:6455-5.4-5
    a class or a tag      class:must, tag:new, tag:slow, tag:hostile, tag:timing
    an earlier result     failed@last.json, new@last.json
    a file                @file with one selector per line; # begins a comment

How results are judged
      --strict            fail the run for a broken SHOULD, too
      --fail-on WHAT      what fails the run: must (default), should (also a broken SHOULD), new (also a case of the
                          baseline that now passes), never
      --baseline FILE     a file of known failures, which do not fail the run
      --write-baseline FILE   write the failures of this run as the baseline; keep the reasons and dates of the old one
      --retries N         repeat a failed case up to N times; one that then passes is flaky    (default 0)
      --bail [N]          stop after N failures, or after the first if N is omitted

How the cases run
  -j, --jobs N            concurrent connections                                           (default 8)
      --timeout S         seconds to wait for one event                                    (default 2)
      --timeout-factor X  multiply all times by X; slow machines need 3 to 5               (default 1)
      --idle S            seconds to wait in cases about silent and slow peers             (default 5)
      --deadline S        seconds for the whole run; cases that have not started by then are skipped
      --wait-for S        seconds to wait until the target accepts connections             (default 0)
      --seed N            seed for keys, payloads and order; the same seed gives the same bytes
                                                                                           (default random, printed)
      --shuffle           run the cases in random order
      --exec CMD          start the server under test; {port} is replaced by a free port. After a crash, the server
                          is started again

How to reach the target
  -H, --header 'N: V'     add a header field to every request; repeatable
      --origin ORIGIN     --host HOST        --user NAME:PASSWORD
      --subprotocol NAME  a subprotocol that the server supports, for the cases that need one
      --unix PATH         connect to a Unix socket
      --resolve HOST:PORT:ADDRESS            connect to ADDRESS instead
      --http2             test over HTTP/2 (RFC 8441), with prior knowledge for ws://; -c h2 selects the
                          cases about HTTP/2 itself
      --insecure          accept any certificate        --ca FILE        --sni NAME
      --cert FILE --key FILE                 the client certificate
      --echo none         the server does not echo
      --echo-prefix TEXT  the server puts TEXT before each echo
      --max-message BYTES the longest message to send                                      (default 16777216)
      --label NAME        the name of the target in reports; repeatable, in the order of the URLs
      --i-own-this-target required for a target that is neither on this machine nor in a private network

What is printed
  -o, --output FORMAT[:PATH]   repeatable; text, json, jsonl, junit, tap, html, markdown, github, badge,
                          autobahn (index.json). Without PATH, or with - as PATH, the report goes to standard
                          output  (default text)
  -q, --quiet             print only failures
  -v                      print every case and the profile
  -vv                     print all frames, too
      --trace             print every event on the wire to standard error, as it happens
      --color WHEN        auto (default), always, never; NO_COLOR is respected
      --version

Exit codes: 0 passed · 1 failures · 2 wrong arguments, or no case selected · 3 target not reachable, or lost ·
4 error of the tester, or a case without a verdict · 5 incomplete: no case has a verdict, or --deadline ended the run;
with --strict also when a case is too slow for the timeout · 130 and 143 interrupted (the report of the finished cases is
written).

In CI (GitHub Actions):
  - uses: actions/setup-node@v4
  - run: npm ci
  - run: npx dwebsocket conform --exec 'node echo-server.js {port}' -o github -o junit:conform.xml
`

/** `dwebsocket conform client --help`. */
export const CLIENT_HELP = `dwebsocket conform client [ws://HOST:PORT] [options]

Tests WebSocket clients. The tester is the server, and it also sends invalid data. The client under test must echo every
message.

  dwebsocket conform client --exec 'CMD {url}'              start the client once for each connection
  dwebsocket conform client --exec 'CMD {url}' --exec-once  start the client once; it runs all cases by itself, as
                                                            described below
  dwebsocket conform client                                 wait for such clients, and for browsers: open
                                                            http://127.0.0.1:9001/ and press Start

      --port N            port to listen on, 0 for a free one       (default 9001; 0 with --exec)
      --host HOST         address to listen on                      (default 127.0.0.1)
      --agents N          how many clients to wait for              (default 1)
      --label NAME        what reports call the client that --exec starts

The tester prints “listening ws://127.0.0.1:9001”. It exits when the last client is done, or when the client that it
started has exited.

Clients that run all cases by themselves use the paths of Autobahn. Drivers written for Autobahn therefore work
unchanged. The tester sends each value as a text message.

  /getCaseCount                     sends the number of connections: one for each case, more for some cases
  /runCase?case=N&agent=NAME        runs connection N, counted from 1: echo until it closes. casetuple=6.4.3 selects a
                                    case instead
  /getCaseInfo?case=N               sends the id and title as JSON
  /getCaseStatus?case=N&agent=NAME  sends the verdict as JSON
  /updateReports?agent=NAME         writes the reports of this client

With -c autobahn, the cases are those of Autobahn. Without it, there are also cases with handshake responses that a
client must refuse, and with frames that no server may send. GET /results.json returns the results at any time;
?agent=NAME selects one client.

With --exec, the URL is also in the environment variable CONFORM_URL. The command may report the events of its
WebSocket on standard output, with one JSON object per line: {"event":"open"}, {"event":"error"},
{"event":"close","code":1006,"reason":""}. If it reports {"event":"ready"}, the tester sends commands to its standard
input. {"command":"close"} means: close the connection now.

The options for selecting cases, judging results and printing reports are the same as for servers; see
dwebsocket conform --help. The PATH of -o may contain {agent}. If there are several clients, each of them gets its own
file.

Exit codes: 0 passed · 1 failures · 2 wrong arguments, or no case selected · 3 no client connected, or one left before
the last case · 4 error of the tester, or a case without a verdict · 5 incomplete: no case has a verdict, or --deadline
ended the run; with --strict also when a case is too slow for the timeout · 130 and 143 interrupted (the report of the
finished cases is written).
`
