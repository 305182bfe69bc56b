import {
  type Case,
  describeAnswer,
  expectAccepted,
  expectAcceptOrReject,
  expectProbe,
  type Handshake,
  type OpenOptions,
  type Trial,
} from '../../script/index.ts'

type Fields = [name: string, value: string][]

/** Returns whether a status redirects, which a server may always do (RFC 6455 §4.2.2). */
function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}

/** Returns whether a status refuses a client that is not known (RFC 9110 §15.5.2, §15.5.4), or sends it elsewhere. */
export function refusesClient(status: number): boolean {
  return status === 401 || status === 403 || isRedirect(status)
}

function isClientError(status: number): boolean {
  return status >= 400 && status < 500
}

/** A server need not offer another resource than the one under test (RFC 6455 §4.2.2). */
function refusesResource(status: number): boolean {
  return isClientError(status) || isRedirect(status)
}

async function judge(t: Trial, handshake: Handshake): Promise<void> {
  expectAccepted(t, handshake)
  await expectProbe(t, handshake.peer)
}

/** Skips the case when the server refuses a valid request with a status that leaves this to it. */
function skipIf(t: Trial, { response }: Handshake, isAllowed: (status: number) => boolean, subject: string): void {
  if (response !== null && isAllowed(response.status)) t.skip(`${response.status}: the target refuses ${subject}`)
}

/** Makes a case whose request a server may refuse with certain statuses. */
function acceptedUnless(
  id: string,
  isAllowed: (status: number) => boolean,
  subject: string,
  options: (t: Trial) => OpenOptions,
): Case {
  return {
    id: `hs.ok.${id}`,
    async run(t) {
      const handshake = await t.handshake(options(t))
      skipIf(t, handshake, isAllowed, subject)
      await judge(t, handshake)
    },
  }
}

function withQuery(t: Trial, query: string): OpenOptions {
  const { path } = t.context.target.base
  return { target: `${path}${path.includes('?') ? '&' : '?'}${query}` }
}

/** A server should support request lines of 8,000 bytes (RFC 9112 §3), so that 414 is no free choice here. */
function refusesLongResource(status: number): boolean {
  return refusesResource(status) && status !== 414
}

function originOf(t: Trial): string {
  return `${t.context.target.secure ? 'https' : 'http'}://${t.context.target.base.authority}`
}

/**
 * Makes a case with Origin. Servers choose which origins they accept, and should refuse others with 403 (RFC 6455 §4.2.2,
 * §10.2). Whether another error is due to the origin shows in a request with the other fields.
 */
function acceptedWithOrigin(id: string, fields: Fields): Case {
  return {
    id: `hs.ok.${id}`,
    async run(t) {
      const origin = originOf(t)
      const handshake = await t.handshake({ add: [...fields, ['Origin', origin]] })
      skipIf(t, handshake, refusesClient, `the origin ${origin}`)
      const { response, peer } = handshake
      if (response !== null && isClientError(response.status)) {
        const without = await t.handshake({ add: fields })
        expectAccepted(t, without)
        t.assertShould(false, '101, or 403 for an unwanted origin', describeAnswer(response, peer), '6455-10.2-2')
        return
      }
      await judge(t, handshake)
    },
  }
}

function unknownFields(count: number): OpenOptions {
  return { add: Array.from({ length: count }, (_, index): [string, string] => [`X-Conf-${index + 1}`, 'v']) }
}

/** A server chooses how many fields it reads, and refuses more with a status of 4xx (RFC 9110 §5.4, RFC 6585 §5). */
async function sendUnknownFields(t: Trial): Promise<void> {
  const count = 20
  const handshake = await t.handshake(unknownFields(count))
  const { response } = handshake
  if (response !== null && isClientError(response.status)) {
    const single = await t.handshake(unknownFields(1))
    if (single.response?.status === 101) t.skip(`${response.status}: the target reads fewer than ${count} more fields`)
  }
  await judge(t, handshake)
}

/** Unknown fields, which are ignored as far as the server reads them: `hs.ok`. */
export const unknownFieldCase: Case = { id: 'hs.ok.unknown-fields', run: sendUnknownFields }

/** Credentials that the server need not know: `hs.ok`. */
export const credentialCase: Case = acceptedUnless('cookie-auth', refusesClient, 'these credentials', () => ({
  add: [
    ['Cookie', 'a=b'],
    ['Authorization', `Basic ${Buffer.from('conf:conf').toString('base64')}`],
  ],
}))

/** Origins, alone and among the fields of a browser: `hs.ok`. */
export const originCases: Case[] = [
  acceptedWithOrigin('browser-fields', [
    ['Pragma', 'no-cache'],
    ['Cache-Control', 'no-cache'],
    [
      'User-Agent',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
    ],
    ['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ['Accept-Language', 'en-GB,en;q=0.9'],
    ['Sec-Fetch-Dest', 'websocket'],
    ['Sec-Fetch-Mode', 'websocket'],
    ['Sec-Fetch-Site', 'same-origin'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
  ]),
  acceptedWithOrigin('origin-same', []),
]

/** Resources with a query, which are others than the one under test: `hs.ok`. */
export const queryCases: Case[] = [
  acceptedUnless('query', refusesResource, 'a resource with this query', (t) => withQuery(t, 'a=1&b=%20')),
  acceptedUnless('target-2k', refusesLongResource, 'a resource with this query', (t) => withQuery(t, 'a'.repeat(1990))),
  {
    id: 'hs.ok.target-7900',
    run: async (t) => void (await expectAcceptOrReject(t, withQuery(t, 'a'.repeat(7890)))),
  },
]
