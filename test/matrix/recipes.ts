/** How a foreign server, or client, is installed, built and started as an echo. */
export interface Recipe {
  name: string
  language: string
  /** Debian packages, or packages of npm with their version. */
  apt?: readonly string[]
  npm?: readonly string[]
  /** Run once in the folder of the build; `$SERVERS` and `$CLIENTS` are the folders of the sources. */
  build?: string
  /** The command that starts the server. The port replaces `{port}`. */
  start?: string
  /** The command that starts the server with permessage-deflate, if that is not the default. */
  deflate?: string
  /** The command that starts a client that echoes. The URL replaces `{url}`. */
  client?: string
  /** Whether that command is started once and runs all cases, as browsers do. */
  isStartedOnce?: boolean
  /** What the project does well, and which of its limits are choices. */
  word: string
  /** Which results differ from run to run because the server behaves differently, as another client saw it. */
  varies?: string
}

const GO = 'GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/.go-cache go build -o'
const PYTHON = '/usr/bin/python3'
const NETTY = classPath('netty', ['buffer', 'codec', 'codec-http', 'common', 'handler', 'resolver', 'transport'])
const JETTY = classPath('jetty9', [
  'server',
  'servlet',
  'http',
  'io',
  'util',
  'security',
  'websocket-api',
  'websocket-common',
  'websocket-server',
  'websocket-servlet',
])
const TOMCAT = classPath('tomcat10', ['embed-core', 'embed-websocket', 'embed-el', 'annotations-api'])
const NODE = 'NODE_PATH=$PWD/node_modules exec node'

/** Returns the class path of parts of a Java library. */
function classPath(library: string, parts: readonly string[]): string {
  return parts.map((part) => `/usr/share/java/${library}-${part}.jar`).join(':')
}

function go(name: string, source: string, apt: string, word: string, deflates = true): Recipe {
  const start = `exec ./${source} {port}`
  return {
    name,
    language: 'Go',
    apt: ['golang-go', apt],
    build: `${GO} ${source} $SERVERS/${source}.go && ${GO} ${source}-client $CLIENTS/${source}.go`,
    start,
    ...(deflates && { deflate: `${start} deflate` }),
    client: `exec ./${source}-client {url} ${deflates ? 'deflate' : ''}`.trimEnd(),
    word,
  }
}

interface PythonWays {
  deflate?: boolean
  client?: boolean
}

function python(name: string, source: string, apt: string, word: string, ways: PythonWays = {}): Recipe {
  const start = `exec ${PYTHON} $SERVERS/${source}.py {port}`
  return {
    name,
    language: 'Python',
    apt: [apt],
    start,
    ...(ways.deflate && { deflate: `${start} deflate` }),
    ...(ways.client && { client: `exec ${PYTHON} $CLIENTS/${source}.py {url} deflate` }),
    word,
  }
}

function uvicorn(library: string, word: string): Recipe {
  return {
    ...python(`uvicorn with ${library}`, 'asgi', 'python3-uvicorn', word),
    start: `exec ${PYTHON} $SERVERS/asgi.py {port} ${library}`,
    apt: ['python3-uvicorn', `python3-${library}`],
  }
}

function node(name: string, source: string, npm: readonly string[], word: string, deflates = true): Recipe {
  const start = `${NODE} $SERVERS/${source}.cjs {port}`
  const client = `${NODE} $CLIENTS/${source}.cjs {url} deflate`
  return { name, language: 'JavaScript', npm, start, client, word, ...(deflates && { deflate: `${start} deflate` }) }
}

function browser(name: string, apt: string, language: string, word: string): Recipe {
  const client = `exec node $CLIENTS/browser.mjs ${name.toLowerCase()} {url}`
  return { name, language, apt: [apt], client, isStartedOnce: true, word }
}

/** The servers and clients of the matrix. */
export const RECIPES: readonly Recipe[] = [
  {
    name: 'dwebsocket',
    language: 'TypeScript',
    start: 'exec node $ROOT/dist/cli/main.js echo --port {port}',
    client: 'exec node $CLIENTS/dwebsocket.mjs {url}',
    word: 'This project, developed together with the tester. Compression is on by default; messages are limited to 1 MiB.',
  },
  node('ws', 'ws', ['ws@8.23.0'], 'The de facto standard for Node.js; small and fast, with readable code.'),
  node(
    'websocket',
    'websocket',
    ['websocket@1.0.35'],
    'Server and client with their own frame parser, in use for over ten years; without compression by choice.',
    false,
  ),
  node(
    'faye-websocket',
    'faye',
    ['faye-websocket@0.11.4', 'permessage-deflate@0.1.7'],
    'Works on any stream and separates the protocol from I/O; extensions are plug-ins.',
  ),
  {
    name: 'undici',
    language: 'JavaScript',
    npm: ['undici@7.30.2'],
    client: `${NODE} $CLIENTS/undici.cjs {url}`,
    word: 'The WebSocket client of Node.js itself, with the interface of browsers.',
  },
  {
    name: 'Bun',
    language: 'C++, JavaScript',
    npm: ['bun@1.4.5'],
    start: 'exec ./node_modules/.bin/bun $SERVERS/bun.js {port}',
    deflate: 'exec ./node_modules/.bin/bun $SERVERS/bun.js {port} deflate',
    client: 'exec ./node_modules/.bin/bun $CLIENTS/bun.js {url}',
    word: 'Built on uWebSockets: very fast, with publish and subscribe built in.',
  },
  {
    name: 'Deno',
    language: 'Rust, JavaScript',
    npm: ['deno@2.9.6'],
    start: 'exec ./node_modules/.bin/deno run --allow-net --no-lock $SERVERS/deno.js {port}',
    client: 'exec ./node_modules/.bin/deno run --allow-net --no-lock $CLIENTS/deno.mjs {url}',
    word: 'The interface of browsers on the server; permissions decide who may listen.',
  },
  python(
    'websockets',
    'websockets_echo',
    'python3-websockets',
    'Built on a protocol layer without I/O; has exemplary documentation. Compression is on by default.',
    { client: true },
  ),
  python(
    'aiohttp',
    'aiohttp_echo',
    'python3-aiohttp',
    'WebSocket as part of a complete HTTP framework. Compression is on by default.',
    { client: true },
  ),
  python(
    'Tornado',
    'tornado_echo',
    'python3-tornado',
    'One of the first servers to support RFC 6455, still small and clear.',
    { deflate: true, client: true },
  ),
  python(
    'Autobahn|Python',
    'autobahn_echo',
    'python3-autobahn',
    'From the authors of the Autobahn test suite, which many libraries use.',
    { deflate: true, client: true },
  ),
  python('trio-websocket', 'trio_echo', 'python3-trio-websocket', 'Combines wsproto with structured concurrency.', {
    client: true,
  }),
  {
    name: 'websocket-client',
    language: 'Python',
    apt: ['python3-websocket'],
    client: `exec ${PYTHON} $CLIENTS/websocket_client_echo.py {url}`,
    word: 'A client with a plain blocking API; runs wherever Python does.',
  },
  uvicorn('websockets', 'The server of most ASGI applications; the protocol library can be chosen.'),
  uvicorn('wsproto', 'The same server with a protocol library that does no I/O.'),
  python(
    'gevent-websocket',
    'gevent_echo',
    'python3-gevent-websocket',
    'Plain blocking code that scales with greenlets.',
  ),
  python('ws4py', 'ws4py_echo', 'python3-ws4py', 'Runs under CherryPy, gevent, Tornado and wsgiref.'),
  go(
    'gorilla/websocket',
    'gorilla',
    'golang-github-gorilla-websocket-dev',
    'The most widely used library for Go; limits and the validation of UTF-8 are left to the caller.',
  ),
  go(
    'nhooyr.io/websocket',
    'nhooyr',
    'golang-nhooyr-websocket-dev',
    'The smallest interface of all, same-origin by default, with contexts everywhere. Messages are limited to 32 KiB by default; the validation of UTF-8 is left to the caller.',
  ),
  go(
    'golang.org/x/net/websocket',
    'xnet',
    'golang-golang-x-net-dev',
    'Its documentation refers new users to other libraries.',
    false,
  ),
  {
    name: 'Boost.Beast',
    language: 'C++',
    apt: ['g++', 'libboost-dev', 'libboost-system-dev'],
    build: 'g++ -O1 -o beast $SERVERS/beast.cpp -lpthread && g++ -O1 -o beast-client $CLIENTS/beast.cpp -lpthread',
    start: 'exec ./beast {port}',
    deflate: 'exec ./beast {port} deflate',
    client: 'exec ./beast-client {url} deflate',
    word: 'HTTP and WebSocket as algorithms over any stream, with a test for every line.',
  },
  {
    name: 'WebSocket++',
    language: 'C++',
    apt: ['g++', 'libwebsocketpp-dev', 'libboost-dev', 'libboost-system-dev', 'zlib1g-dev'],
    build: 'g++ -O1 -o websocketpp $SERVERS/websocketpp.cpp -lz -lpthread -lboost_system',
    start: 'exec ./websocketpp {port}',
    deflate: 'exec ./websocketpp {port} deflate',
    word: 'Header-only, with transports and extensions as policies.',
  },
  {
    name: 'libwebsockets',
    language: 'C',
    apt: ['gcc', 'libwebsockets-dev'],
    build: 'gcc -O1 -o libwebsockets $SERVERS/libwebsockets.c -lwebsockets',
    start: 'exec ./libwebsockets {port}',
    deflate: 'exec ./libwebsockets {port} deflate',
    word: 'For microcontrollers as well as large servers, with a few kilobytes per connection.',
    varies:
      'With compression and several connections at the same time, version 4.1.6 changes some messages or ends in an assertion: cases of `pmd.data` and `pmd.ab`, with `-j 8` only. Whether TCP ends in `pmd.frame.rsv3` depends on the masking key of the Close frame.',
  },
  {
    name: 'libsoup',
    language: 'C',
    apt: ['gcc', 'libsoup-3.0-dev', 'pkg-config'],
    build:
      'FLAGS=$(pkg-config --cflags --libs libsoup-3.0) && gcc -O1 -o libsoup $SERVERS/libsoup.c $FLAGS && gcc -O1 -o libsoup-client $CLIENTS/libsoup.c $FLAGS',
    start: 'exec ./libsoup {port}',
    deflate: 'exec ./libsoup {port} deflate',
    client: 'exec ./libsoup-client {url}',
    word: 'The HTTP library of GNOME; includes WebSocket.',
  },
  {
    name: 'Qt 5 WebSockets',
    language: 'C++',
    apt: ['g++', 'libqt5websockets5-dev', 'pkg-config'],
    build:
      'FLAGS="-fPIC -O1 $(pkg-config --cflags --libs Qt5WebSockets)" && g++ -o qt5 $SERVERS/qt.cpp $FLAGS && g++ -o qt5-client $CLIENTS/qt.cpp $FLAGS',
    start: 'exec ./qt5 {port}',
    client: 'exec ./qt5-client {url}',
    word: 'Fits into the event loop of desktop programs; has no compression.',
  },
  {
    name: 'Qt 6 WebSockets',
    language: 'C++',
    apt: ['g++', 'qt6-websockets-dev', 'pkg-config'],
    build:
      'FLAGS="-std=c++17 -fPIC -O1 $(pkg-config --cflags --libs Qt6WebSockets)" && g++ -o qt6 $SERVERS/qt.cpp $FLAGS && g++ -o qt6-client $CLIENTS/qt.cpp $FLAGS',
    start: 'exec ./qt6 {port}',
    client: 'exec ./qt6-client {url}',
    word: 'Fits into the event loop of desktop programs; has no compression.',
  },
  {
    name: 'Mojolicious',
    language: 'Perl',
    apt: ['libmojolicious-perl', 'libio-socket-ssl-perl'],
    start: 'exec perl $SERVERS/mojolicious.pl daemon -m production -l http://127.0.0.1:{port}',
    deflate: 'DEFLATE=1 exec perl $SERVERS/mojolicious.pl daemon -m production -l http://127.0.0.1:{port}',
    client: 'exec perl $CLIENTS/mojolicious.pl {url}',
    word: 'A complete framework without dependencies. Messages are limited to 256 KiB by default.',
  },
  {
    name: 'em-websocket',
    language: 'Ruby',
    apt: ['ruby', 'ruby-em-websocket'],
    start: 'exec ruby $SERVERS/em-websocket.rb {port}',
    word: 'Also supports the drafts before RFC 6455.',
  },
  {
    name: 'faye-websocket (Ruby)',
    language: 'Ruby',
    apt: ['ruby', 'ruby-faye-websocket', 'puma'],
    start: 'exec puma -q -t 4:16 -b tcp://127.0.0.1:{port} $SERVERS/faye.ru',
    word: 'The same design as its JavaScript twin, for every Rack server.',
  },
  {
    name: 'Netty',
    language: 'Java',
    apt: ['default-jdk-headless', 'libnetty-java'],
    build: `javac -cp ${NETTY} -d . $SERVERS/Netty.java`,
    start: `exec java -cp ${NETTY}:. Netty {port}`,
    deflate: `exec java -cp ${NETTY}:. Netty {port} deflate`,
    word: 'The network layer of much Java software; each step of the protocol is a separate handler.',
  },
  {
    name: 'Jetty',
    language: 'Java',
    apt: ['default-jdk-headless', 'libjetty9-java', 'libjetty9-extra-java', 'libservlet-api-java'],
    build: `javac -cp ${JETTY}:/usr/share/java/servlet-api.jar -d . $SERVERS/JettyEcho.java`,
    start: `exec java -cp ${JETTY}:/usr/share/java/servlet-api.jar:. JettyEcho {port}`,
    word: 'A servlet container that is easily embedded. Compression is on by default; text is limited to 64 KiB by default.',
  },
  {
    name: 'Tomcat',
    language: 'Java',
    apt: ['default-jdk-headless', 'libtomcat10-embed-java', 'libtomcat10-java'],
    build: `javac -cp ${TOMCAT} -d . $SERVERS/TomcatEcho.java`,
    start: `exec java -cp ${TOMCAT}:. TomcatEcho {port}`,
    word: 'The reference of Jakarta WebSocket for many. Compression is on by default; messages are limited to 8 KiB by default.',
    varies:
      'After a request line without a target (`GET HTTP/1.1`), some malformed requests on other connections get a response without a status line and fields, as in HTTP/0.9. Which ones depends on the order: `hs.target.space`, `hs.target.nul`, `hs.target.fragment` (only *should*).',
  },
  browser(
    'Chromium',
    'chromium',
    'C++',
    'The engine of most browsers; pages can set neither header fields nor frames, which protects servers.',
  ),
  browser(
    'Firefox',
    'firefox-esr',
    'C++, Rust',
    'Written independently of Chromium: what both refuse, no server should send.',
  ),
]
