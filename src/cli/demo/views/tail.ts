import { basename } from 'node:path'
import { accept_websocket, type View } from '../../../index.ts'
import { TailedFile } from '../tailed-file.ts'

/** Pages send nothing to these views but heartbeats. */
const LISTENERS = { heartbeat: true, maxMessageSize: 125 }

/**
 * Returns the views of the files that the operator named: `/tail` and `/tail/1` for the first, `/tail/2` for the next.
 */
export function tailUrls(page: View, paths: readonly string[]): Record<string, View> {
  const names = paths.map((path) => basename(path))
  const views = paths.map((path, index) => tail(page, new TailedFile(path, { number: index + 1, files: names })))
  return {
    '/tail': views[0] ?? noTail(page),
    ...Object.fromEntries(views.map((view, index) => [`/tail/${index + 1}`, view])),
  }
}

/** Serves a page that follows a file until it is closed. */
function tail(page: View, file: TailedFile): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    await file.follow(request.websocket)
  }, LISTENERS)
}

/** Serves the page without a file, which only receives an empty list. */
function noTail(page: View): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    await request.websocket.send(JSON.stringify({ files: [] }))
    await request.websocket.wait()
  }, LISTENERS)
}
