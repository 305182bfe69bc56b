import { formatMetrics, type WebSocketServer } from '../index.ts'

/**
 * Responds to `GET /metrics` with the statistics of the server for Prometheus. Other requests go to the previous
 * handler.
 */
export function serveMetrics(server: WebSocketServer): void {
  const { onRequest } = server
  server.onRequest = (request, response) => {
    const [path] = (request.url ?? '').split('?')
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD'))
      return onRequest(request, response)
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(formatMetrics(server.stats()))
  }
}
