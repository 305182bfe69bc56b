/** `dwebsocket conform --help`. */
export const HELP = `dwebsocket conform [command] …

Tests WebSocket servers and clients against RFC 6455 and RFC 7692, rule by rule.

  dwebsocket conform URL…                   test servers (the same as: conform server URL…)
  dwebsocket conform --exec 'CMD {port}'    start a server on a free port, test it, end it
  dwebsocket conform client …               test clients                    (conform client --help)
  dwebsocket conform list [SELECTOR…]       the cases: names, titles, classes; --json
  dwebsocket conform explain CASE…          rule, bytes sent, what is accepted, RFC links
  dwebsocket conform requirements [SEL…]    the rules, and how many cases look at each; --json
  dwebsocket conform report FILE -o …       turn a JSON result into other formats
  dwebsocket conform diff OLD NEW           what changed; exit code 1 when something got worse
  dwebsocket conform matrix FILE…           several results side by side: -o text, markdown or html
  dwebsocket conform serve-echo [URL]       an echo server to try the tool on
  dwebsocket conform snippet [NAME]         a minimal echo server for a common library

The server under test is expected to echo. One that does not is found out at the start, and the cases that need
an echo are skipped; ping and pong then serve as the probe.

What to run
  -c, --case SEL          a selector, repeatable, several joined by commas; default: core
  -x, --exclude SEL       leaves cases out
      --long              adds slow cases          --perf      adds sizes, throughput, round trips
      --robust            adds hostile load        --all       adds all three groups
      --list, --dry-run   only print what would run, and what would be skipped

  Selectors: a preset (core, quick, autobahn, handshake, all), a group or name (frag, hs.key, hs.key.len-*),
  ab:6.4.3 (Autobahn's id, also ab:9.*), rfc:6455/5.4 and req:6455-5.4-5 (by rule), class:must, tag:new, tag:slow,
  tag:hostile, failed@last.json, new@last.json, @file (one per line, # begins a comment), !SEL leaves out.

How to judge
      --strict            a broken SHOULD fails the run, too
      --fail-on WHAT      must (default), should, new (also an unexpected pass of the baseline), never
      --baseline FILE     known failures: they do not fail the run
      --write-baseline FILE   write what fails now as the baseline; reasons and dates of the old one are kept
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
4 fault of the tool · 130 and 143 interrupted (the report of what ran is written).

In CI (GitHub Actions):
  - uses: actions/setup-node@v4
  - run: npm ci
  - run: npx dwebsocket conform --exec 'node echo-server.js {port}' -o github -o junit:conform.xml
`
