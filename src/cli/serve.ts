import { parseArgs } from 'node:util'
import { createServer } from '../index.ts'
import { createDemo } from './demo/site.ts'
import { listenOptions, readPort, runServer } from './listen.ts'

const HELP = `dwebsocket serve [options]

The demo site: open its address in a browser.

  --port N             port to listen on, 0 for a free one      (default 8000)
  --host HOST          address to listen on                     (default 127.0.0.1)
  --no-deflate         declines permessage-deflate
  --tail FILE          a file that the page /tail follows; repeatable, and
                       everybody who reaches the site can read it
`

/** The command `dwebsocket serve`: runs until SIGINT or SIGTERM. */
export async function serve(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...listenOptions,
      'no-deflate': { type: 'boolean', default: false },
      tail: { type: 'string', multiple: true, default: [] },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const { urls } = createDemo({ tail: values.tail })
  return runServer(
    createServer({ urls, deflate: !values['no-deflate'] }),
    'http',
    readPort(values.port, 8000),
    values.host,
  )
}
