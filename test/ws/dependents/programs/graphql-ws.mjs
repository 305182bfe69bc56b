import { WebSocket } from 'dwebsocket/ws'
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { expect, serve } from './support.mjs'

async function* count() {
  for (let number = 1; number <= 3; number++) yield { count: number }
}

const { server, url } = await serve()
const schema = buildSchema('type Query { hello: String } type Subscription { count: Int }')
const roots = { query: { hello: () => 'hi' }, subscription: { count } }
const disposable = useServer({ schema, roots }, server, 50)
const client = createClient({ url, webSocketImpl: WebSocket })

function answersTo(query) {
  return new Promise((resolve, reject) => {
    const values = []
    client.subscribe({ query }, { next: (value) => values.push(value), error: reject, complete: () => resolve(values) })
  })
}

expect((await answersTo('{ hello }'))[0].data.hello === 'hi', 'graphql-ws answers a query')
const counted = await answersTo('subscription { count }')
expect(counted.map(({ data }) => data.count).join() === '1,2,3', 'graphql-ws streams a subscription')
await client.dispose()
await disposable.dispose()
