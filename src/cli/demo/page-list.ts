/** One page of the site: the fragment `pages/NAME.html` in the common layout, with the script `assets/NAME.js`. */
export interface Page {
  readonly title: string
  readonly description: string
  /** The path of its entry in the navigation. */
  readonly path: string
  /** The function in `views/` whose source the page shows; a page without one has no script either. */
  readonly view?: { readonly file: string; readonly name: string }
  /** A style sheet of its own in `assets/`, besides the common one. */
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
]

/** Every page, by the name of its fragment. */
export const PAGES = {
  index: {
    title: 'dwebsocket demos',
    description: 'Nine small conversations between pages and a WebSocket server.',
    path: '/',
  },
  echo: {
    title: 'Echo · dwebsocket',
    description: 'A text field, a log, and the live state of one WebSocket.',
    path: '/echo',
    view: { file: 'echo.ts', name: 'echo' },
  },
  push: {
    title: 'Push · dwebsocket',
    description: 'The server sends the time every second.',
    path: '/push',
    view: { file: 'push.ts', name: 'push' },
  },
  notice: {
    title: 'Notice · dwebsocket',
    description: 'What the operator sends appears on every visitor’s page.',
    path: '/notice',
    view: { file: 'notice.ts', name: 'notice' },
  },
  operator: {
    title: 'Operator · dwebsocket',
    description: 'Sends a notice to every visitor.',
    path: '/notice',
    view: { file: 'notice.ts', name: 'operator' },
  },
  broadcast: {
    title: 'Broadcast · dwebsocket',
    description: 'Everybody on the page gets every message.',
    path: '/broadcast',
    view: { file: 'broadcast.ts', name: 'broadcast' },
  },
  chat: {
    title: 'Chat · dwebsocket',
    description: 'Rooms, private messages, who is here; a lost connection loses no message.',
    path: '/chat',
    view: { file: 'chat.ts', name: 'chat' },
  },
  desk: {
    title: 'Service desk · dwebsocket',
    description: 'Customers wait in line, an agent takes the next, they talk in private.',
    path: '/desk',
    view: { file: 'desk.ts', name: 'customerView' },
  },
  'desk-agent': {
    title: 'Agent at the service desk · dwebsocket',
    description: 'Takes the next customer in line, talks in private, hands over.',
    path: '/desk',
    view: { file: 'desk.ts', name: 'agentView' },
  },
  job: {
    title: 'Job · dwebsocket',
    description: 'Starts a job on the server and is notified when it is done.',
    path: '/job',
    view: { file: 'job.ts', name: 'job' },
  },
  bullet: {
    title: 'Bullet screen · dwebsocket',
    description: 'Comments fly over a moving picture.',
    path: '/bullet',
    view: { file: 'bullet.ts', name: 'bullet' },
    style: 'bullet.css',
  },
  tail: {
    title: 'File tail · dwebsocket',
    description: 'The page follows a growing file of the server.',
    path: '/tail',
    view: { file: 'tail.ts', name: 'tail' },
    style: 'tail.css',
  },
} satisfies Record<string, Page>

export type PageName = keyof typeof PAGES
