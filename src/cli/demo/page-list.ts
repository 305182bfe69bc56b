/** One page of the site: the fragment `pages/NAME.html` in the common layout, with the script `assets/NAME.js`. */
export interface Page {
  readonly title: string
  readonly description: string
  /** The path that the navigation marks as the current one on this page. */
  readonly path: string
  /**
   * The source files that the page shows, the first of each half unfolded. A page without them has no script either.
   */
  readonly sources?: { readonly server: readonly string[]; readonly browser: readonly string[] }
  /** The page's own style sheet in `assets/`, in addition to the common one. */
  readonly style?: string
}

/** The navigation of every page: path and label. */
export const NAVIGATION: readonly (readonly [path: string, label: string])[] = [
  ['/', 'Demos'],
  ['/echo', 'Echo'],
  ['/push', 'Push'],
  ['/notice', 'Notice'],
  ['/broadcast', 'Broadcast'],
  ['/chat', 'Chat'],
  ['/desk', 'Desk'],
  ['/job', 'Job'],
  ['/bullet', 'Bullets'],
  ['/tail', 'Tail'],
  ['/transfer', 'Transfer'],
]

/** Every page, by the name of its fragment. */
export const PAGES = {
  index: {
    title: 'dwebsocket',
    description: 'Small pages that talk to a WebSocket server.',
    path: '/',
  },
  echo: {
    title: 'Echo',
    description: 'A text field, a log, and the live state of one WebSocket.',
    path: '/echo',
    sources: { server: ['views/echo.ts'], browser: ['assets/echo.js', 'assets/live.js'] },
  },
  push: {
    title: 'Push',
    description: 'The server sends the time every second.',
    path: '/push',
    sources: { server: ['views/push.ts'], browser: ['assets/push.js', 'assets/live.js'] },
  },
  notice: {
    title: 'Notice',
    description: 'A notice from the operator appears on the page of every visitor.',
    path: '/notice',
    sources: { server: ['views/notice.ts', 'audience.ts'], browser: ['assets/notice.js', 'assets/live.js'] },
  },
  operator: {
    title: 'Operator',
    description: 'Sends a notice to every visitor.',
    path: '/notice',
    sources: { server: ['views/notice.ts', 'audience.ts'], browser: ['assets/operator.js', 'assets/live.js'] },
  },
  broadcast: {
    title: 'Broadcast',
    description: 'Everyone who has the page open receives every message.',
    path: '/broadcast',
    sources: { server: ['views/broadcast.ts', 'audience.ts'], browser: ['assets/broadcast.js', 'assets/live.js'] },
  },
  chat: {
    title: 'Chat',
    description:
      'Rooms, private messages, and a list of who is online. No message is lost when the connection is lost.',
    path: '/chat',
    sources: { server: ['views/chat.ts', 'roster.ts'], browser: ['assets/chat.js', 'assets/live.js'] },
  },
  desk: {
    title: 'Service desk',
    description: 'Customers wait in line, and an agent serves them one by one in private.',
    path: '/desk',
    sources: {
      server: ['views/desk.ts', 'service-desk.ts', 'seat.ts'],
      browser: ['assets/desk.js', 'assets/desk-talk.js', 'assets/live.js'],
    },
  },
  'desk-agent': {
    title: 'Service desk: the agent',
    description: 'Serves the next customer in private, or hands the customer over.',
    path: '/desk',
    sources: {
      server: ['views/desk.ts', 'service-desk.ts', 'seat.ts'],
      browser: ['assets/desk-agent.js', 'assets/desk-talk.js', 'assets/live.js'],
    },
  },
  job: {
    title: 'Job',
    description: 'Starts a job on the server and shows its progress.',
    path: '/job',
    sources: { server: ['views/job.ts'], browser: ['assets/job.js', 'assets/live.js'] },
  },
  bullet: {
    title: 'Bullet screen',
    description: 'Comments fly over an animated picture.',
    path: '/bullet',
    sources: {
      server: ['views/bullet.ts'],
      browser: ['assets/bullet.js', 'assets/bullet-flight.js', 'assets/live.js'],
    },
    style: 'bullet.css',
  },
  tail: {
    title: 'File tail',
    description: 'The page follows a growing file on the server.',
    path: '/tail',
    sources: {
      server: ['views/tail.ts', 'tailed-file.ts', 'file-follower.ts'],
      browser: ['assets/tail.js', 'assets/live.js'],
    },
    style: 'tail.css',
  },
  transfer: {
    title: 'File transfer',
    description: 'Sends a file of any size to the server and back.',
    path: '/transfer',
    sources: {
      server: ['views/transfer.ts', 'uploaded-file.ts'],
      browser: ['assets/transfer.js', 'assets/live.js'],
    },
    style: 'transfer.css',
  },
} satisfies Record<string, Page>

export type PageName = keyof typeof PAGES
