/** `dwebsocket conform client --help`. */
export const CLIENT_HELP = `dwebsocket conform client [ws://HOST:PORT] [options]

Tests WebSocket clients: the tool is the server, and no polite one. The client under test has to echo every message.

  dwebsocket conform client --exec 'CMD {url}'              starts the client once per connection
  dwebsocket conform client --exec 'CMD {url}' --exec-once  starts it once; it drives itself, as below
  dwebsocket conform client                                 waits for clients that drive themselves, and for browsers:
                                                            open http://127.0.0.1:9001/ and press start

      --port N            where to listen; 0 takes a free one       (default 9001, with --exec 0)
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

Exit codes: 0 good · 1 failures · 2 wrong use or nothing selected · 3 no client came, or it was gone before the last
case · 4 fault of the tool · 130 and 143 interrupted (the report of what ran is written).
`
