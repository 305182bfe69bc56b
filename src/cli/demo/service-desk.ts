import type { WebSocket } from '../../index.ts'
import { Seat } from './seat.ts'

const MAX_IN_LINE = 200
/** Maximum number of entries that are stored for a conversation. */
const MAX_ENTRIES = 500
/** Maximum number of characters that agents see of the first message of a customer in line. */
const MAX_TOPIC = 80

/**
 * One line of a conversation; `n` is the number from its author, 0 for those of the desk. `note` is a text from the
 * desk for pages in another language: a template, and the names for its `{0}` and `{1}`.
 */
interface Entry {
  readonly id: number
  readonly n: number
  readonly from: 'customer' | 'agent' | 'desk'
  readonly name: string
  readonly text: string
  readonly note?: { readonly text: string; readonly names: readonly string[] }
  readonly time: string
}

/** A customer's request, from entering the line to its end. */
interface Ticket {
  readonly id: number
  readonly customer: Customer
  readonly entries: Entry[]
  /** The last number received from the customer and from each agent. */
  readonly heard: Map<Customer | Agent, number>
  agent: Agent | null
}

/** A customer at the desk, who is in line or in a conversation while `ticket` is set. */
export interface Customer {
  readonly key: string
  readonly seat: Seat
  name: string
  ticket: Ticket | null
  /** The ticket that ended last: tells the page not to enter the line again. */
  endedTicket: number
}

/** An agent at the desk, who is in a conversation while `ticket` is set. */
export interface Agent {
  readonly key: string
  readonly seat: Seat
  readonly name: string
  ticket: Ticket | null
}

/** A desk with one line of customers and any number of agents, who each talk to one customer at a time. */
export class ServiceDesk {
  readonly #customers = new Map<string, Customer>()
  readonly #agents = new Map<string, Agent>()
  #line: Ticket[] = []
  /** Begins with the current time, so that the numbers differ from those of an earlier process. */
  #lastTicket = Date.now()
  #isReporting = false

  /** Returns the customer with a secret key, who is now connected through `session`. */
  welcomeCustomer(key: string, session: WebSocket): Customer {
    const customer = this.#customers.get(key) ?? { key, seat: new Seat(), name: '', ticket: null, endedTicket: 0 }
    this.#customers.set(key, customer)
    this.#seat(customer, session)
    return customer
  }

  /**
   * Returns the agent with a secret key, who is now connected through `session`. A new agent gets the lowest free
   * number.
   */
  welcomeAgent(key: string, session: WebSocket): Agent {
    const agent = this.#agents.get(key) ?? { key, seat: new Seat(), name: this.#freeName(), ticket: null }
    this.#agents.set(key, agent)
    this.#seat(agent, session)
    return agent
  }

  /**
   * Called when the connection of a customer has ended. The customer leaves unless another connection replaces it
   * within `grace` milliseconds.
   */
  loseCustomer(customer: Customer, session: WebSocket, grace: number): void {
    customer.seat.lose(session, grace, () => {
      this.end(customer.ticket, '{0} has left.', customer.name)
      this.#customers.delete(customer.key)
    })
    this.#reportAll()
  }

  /**
   * Called when the connection of an agent has ended. Unless another connection replaces it within `grace`
   * milliseconds, the customer of the agent is first in line again.
   */
  loseAgent(agent: Agent, session: WebSocket, grace: number): void {
    agent.seat.lose(session, grace, () => {
      this.#agents.delete(agent.key)
      this.#putBack(agent.ticket, '{0} has left. You are next in line.', agent.name)
      this.#reportAll()
    })
    this.#reportAll()
  }

  /** Puts the customer in line, unless the line is full. */
  enter(customer: Customer, name: string): void {
    if (customer.ticket !== null || this.#line.length >= MAX_IN_LINE) return
    this.#lastTicket++
    customer.name = name
    customer.ticket = { id: this.#lastTicket, customer, entries: [], heard: new Map(), agent: null }
    this.#line.push(customer.ticket)
    this.#reportAll()
  }

  /** Sends a message to the other side; repeated numbers are ignored. */
  say(speaker: Customer | Agent, n: number, text: string): void {
    const { ticket, name } = speaker
    if (ticket === null || n <= (ticket.heard.get(speaker) ?? 0)) return
    ticket.heard.set(speaker, n)
    this.#add(ticket, { n, from: speaker === ticket.customer ? 'customer' : 'agent', name, text })
    if (ticket.agent === null) this.#reportAll()
  }

  /** Gives the agent the first customer in line. */
  takeNext(agent: Agent): void {
    if (agent.ticket !== null) return
    const ticket = this.#line.shift()
    if (ticket !== undefined) this.#give(ticket, agent)
  }

  /** Hands the agent's customer over to the free agent of this name, or back to the head of the line. */
  handOver(agent: Agent, name: string): void {
    const { ticket } = agent
    if (ticket === null) return
    const other = [...this.#agents.values()].find((one) => one.name === name && one.ticket === null)
    if (name !== '' && other === undefined) return
    if (other === undefined) return this.#putBack(ticket, '{0} is handing over to the next free agent.', agent.name)
    this.#note(ticket, '{0} is handing over to {1}.', agent.name, name)
    this.#release(ticket)
    this.#give(ticket, other)
  }

  /** Ends a conversation, or removes the customer from the line; `why` is a template for the names. */
  end(ticket: Ticket | null, why: string, ...names: string[]): void {
    if (ticket === null) return
    this.#note(ticket, why, ...names)
    this.#release(ticket)
    this.#line = this.#line.filter((other) => other !== ticket)
    ticket.customer.ticket = null
    ticket.customer.endedTicket = ticket.id
    this.#reportAll()
  }

  /** Sends everybody the current state, once per turn of the event loop. */
  #reportAll(): void {
    if (this.#isReporting) return
    this.#isReporting = true
    setImmediate(() => {
      this.#isReporting = false
      const agents = [...this.#agents.values()]
      const counts = { waiting: this.#line.length, agents: agents.length }
      for (const customer of this.#customers.values()) customer.seat.send(this.#stateOf(customer, counts))
      const line = this.#line.map(describeTicket)
      const free = agents.filter(({ ticket }) => ticket === null).map(({ name }) => name)
      for (const agent of agents) agent.seat.send({ you: agent.name, line, free, ...describeTalk(agent) })
    })
  }

  #stateOf(customer: Customer, counts: { waiting: number; agents: number }): object {
    const { ticket, endedTicket } = customer
    const place = ticket === null ? 0 : this.#line.indexOf(ticket) + 1
    const isFull = this.#line.length >= MAX_IN_LINE
    return { ...counts, isFull, place, agent: ticket?.agent?.name ?? null, endedTicket, ...describeTalk(customer) }
  }

  #give(ticket: Ticket, agent: Agent): void {
    ticket.agent = agent
    agent.ticket = ticket
    agent.seat.send({ ticket: ticket.id, entries: ticket.entries })
    this.#note(ticket, '{0} is helping {1} now.', agent.name, ticket.customer.name)
    this.#reportAll()
  }

  #release(ticket: Ticket): void {
    if (ticket.agent !== null) ticket.agent.ticket = null
    ticket.agent = null
  }

  /** Puts a ticket back at the head of the line. */
  #putBack(ticket: Ticket | null, why: string, ...names: string[]): void {
    if (ticket === null) return
    this.#note(ticket, why, ...names)
    this.#release(ticket)
    this.#line.unshift(ticket)
    this.#reportAll()
  }

  #seat({ seat, ticket }: Customer | Agent, session: WebSocket): void {
    seat.occupy(session)
    if (ticket !== null) seat.send({ ticket: ticket.id, entries: ticket.entries })
    this.#reportAll()
  }

  #freeName(): string {
    const names = new Set([...this.#agents.values()].map(({ name }) => name))
    let number = 1
    while (names.has(`Agent ${number}`)) number++
    return `Agent ${number}`
  }

  #note(ticket: Ticket, template: string, ...names: string[]): void {
    const text = template.replace(/\{(\d)\}/g, (_, index) => names[index])
    this.#add(ticket, { n: 0, from: 'desk', name: '', text, note: { text: template, names } })
  }

  #add(ticket: Ticket, said: Omit<Entry, 'id' | 'time'>): void {
    const { entries, customer, agent } = ticket
    const entry = { ...said, id: (entries.at(-1)?.id ?? 0) + 1, time: new Date().toISOString() }
    entries.push(entry)
    if (entries.length > MAX_ENTRIES) entries.shift()
    for (const side of [customer, agent]) side?.seat.send({ ticket: ticket.id, entries: [entry] })
  }
}

function describeTicket({ id, customer, entries }: Ticket): object {
  const topic = entries.find(({ from }) => from === 'customer')?.text ?? ''
  const shown = topic.length > MAX_TOPIC ? `${topic.slice(0, MAX_TOPIC)}…` : topic
  return { id, name: customer.name, topic: shown, isAway: customer.seat.isAway }
}

/** Describes the conversation of one side: its ticket, and the last number received from that side. */
function describeTalk(side: Customer | Agent): object {
  const { ticket } = side
  if (ticket === null) return { ticket: null, heard: 0, with: null }
  const other = side === ticket.customer ? ticket.agent : ticket.customer
  const partner = other === null ? null : { name: other.name, isAway: other.seat.isAway }
  return { ticket: ticket.id, heard: ticket.heard.get(side) ?? 0, with: partner }
}
