import { accept_websocket, CloseCode, type View, type WebSocket } from '../../../index.ts'
import { isCount, isText, parseObject } from '../message.ts'
import { ServiceDesk } from '../service-desk.ts'

/** Peers send at most 2,000 characters of text, at the pace of people who type. */
const TYPED = { maxMessageSize: 8 * 1024, messageRate: { perSecond: 20, burst: 400 }, heartbeat: true }

const MAX_TEXT = 2_000
const MAX_NAME = 30

/** Milliseconds for which a place is reserved: after a normal close, to reload the page; after a loss, to reconnect. */
const GRACE = { closed: 5_000, loss: 30_000 }

/**
 * Returns the views of a service desk: one for customers and one for agents. One process has the line, because a line
 * has one order. Where `isHere` is false, pages are asked to reconnect to another of the processes that share the port.
 */
export function serviceDesk(customerPage: View, agentPage: View, isHere: boolean): { customer: View; agent: View } {
  const desk = isHere ? new ServiceDesk() : null
  return { customer: customerView(customerPage, desk), agent: agentView(agentPage, desk) }
}

/** Returns the view of a customer, who waits in line and talks to one agent. */
function customerView(page: View, desk: ServiceDesk | null): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const { websocket: session, query } = request
    if (desk === null) return session.close(CloseCode.TRY_AGAIN_LATER, 'the desk is in another process')
    const key = readKey(query)
    if (key === null) return session.close(1008, 'a key is needed')
    const customer = desk.welcomeCustomer(key, session)
    for await (const message of session) {
      const { name, n, text, leave } = parseObject(message)
      if (isText(name, MAX_NAME)) desk.enter(customer, name)
      else if (isText(text, MAX_TEXT) && isCount(n)) desk.say(customer, n, text)
      else if (leave === true) desk.end(customer.ticket, '{0} has left.', customer.name)
    }
    desk.loseCustomer(customer, session, await graceOf(session))
  }, TYPED)
}

/** Returns the view of an agent, who takes the next customer in line, talks, hands over, and ends the conversation. */
function agentView(page: View, desk: ServiceDesk | null): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const { websocket: session, query } = request
    if (desk === null) return session.close(CloseCode.TRY_AGAIN_LATER, 'the desk is in another process')
    const key = readKey(query)
    if (key === null) return session.close(1008, 'a key is needed')
    const agent = desk.welcomeAgent(key, session)
    for await (const message of session) {
      const { take, n, text, handOver, end } = parseObject(message)
      if (take === true) desk.takeNext(agent)
      else if (isText(text, MAX_TEXT) && isCount(n)) desk.say(agent, n, text)
      else if (typeof handOver === 'string') desk.handOver(agent, handOver)
      else if (end === true) desk.end(agent.ticket, '{0} has ended the conversation.', agent.name)
    }
    desk.loseAgent(agent, session, await graceOf(session))
  }, TYPED)
}

function readKey(query: URLSearchParams): string | null {
  const key = query.get('key') ?? ''
  return /^\w{16,64}$/.test(key) ? key : null
}

/** Returns how long the place of an ended session is reserved. A page that is closed sends 1001. */
async function graceOf(session: WebSocket): Promise<number> {
  const { code } = await session.close()
  return code === 1000 || code === 1001 ? GRACE.closed : GRACE.loss
}
