import type { WebSocket } from '../../index.ts'
import { Seat } from './seat.ts'

const MAX_IN_LINE = 200
/** The most that is kept of a conversation. */
const MAX_ENTRIES = 500
/** Characters of the first message that agents see of those in line. */
const MAX_TOPIC = 80

/** One line of a conversation; `n` is the number that its writer gave it, 0 for those of the desk. */
interface Entry {
  readonly id: number
  readonly n: number
  readonly from: 'customer' | 'agent' | 'desk'
  readonly name: string
  readonly text: string
  readonly time: string
}

/** A customer's concern, from getting in line to the end. */
interface Ticket {
  readonly id: number
  readonly customer: Customer
  readonly entries: Entry[]
  /** The last number that was heard of the customer and of each agent. */
  readonly heard: Map<Customer | Agent, number>
  agent: Agent | null
}

/** A page of a customer; waits or is served when there is a ticket. */
export interface Customer {
  readonly key: string
  readonly seat: Seat
  name: string
  ticket: Ticket | null
  /** The ticket that was ended last: the page knows by it that it need not get in line again. */
  endedTicket: number
}

/** A page of an agent; talks when there is a ticket. */
export interface Agent {
  readonly key: string
  readonly seat: Seat
  readonly name: string
  ticket: Ticket | null
}

/** A desk with one line of customers and any number of agents, each of whom talks to one of them alone. */
export class ServiceDesk {
  readonly #customers = new Map<string, Customer>()
  readonly #agents = new Map<string, Agent>()
  #line: Ticket[] = []
  /** Starts in the clock: a ticket of an earlier process has another number. */
  #lastTicket = Date.now()
  #isTelling = false

  /** The customer behind a secret key, who has come through `session`. */
  welcomeCustomer(key: string, session: WebSocket): Customer {
    const customer = this.#customers.get(key) ?? { key, seat: new Seat(), name: '', ticket: null, endedTicket: 0 }
    this.#customers.set(key, customer)
    this.#seat(customer, session)
    return customer
  }

  /** The agent behind a secret key, who has come through `session`; a new one gets the first number that is free. */
  welcomeAgent(key: string, session: WebSocket): Agent {
    const agent = this.#agents.get(key) ?? { key, seat: new Seat(), name: this.#freeName(), ticket: null }
    this.#agents.set(key, agent)
    this.#seat(agent, session)
    return agent
  }

  /** The connection of a customer has ended: so has their visit, unless they are back within `grace` milliseconds. */
  loseCustomer(customer: Customer, session: WebSocket, grace: number): void {
    customer.seat.lose(session, grace, () => {
      this.end(customer.ticket, `${customer.name} has left.`)
      this.#customers.delete(customer.key)
    })
    this.#tellAll()
  }

  /** The same for an agent: who was served then is the next to be served. */
  loseAgent(agent: Agent, session: WebSocket, grace: number): void {
    agent.seat.lose(session, grace, () => {
      this.#agents.delete(agent.key)
      this.#putBack(agent.ticket, `${agent.name} has left: you are the next to be served.`)
      this.#tellAll()
    })
    this.#tellAll()
  }

  /** The customer gets in line, unless it is full. */
  enter(customer: Customer, name: string): void {
    if (customer.ticket !== null || this.#line.length >= MAX_IN_LINE) return
    this.#lastTicket += 1
    customer.name = name
    customer.ticket = { id: this.#lastTicket, customer, entries: [], heard: new Map(), agent: null }
    this.#line.push(customer.ticket)
    this.#tellAll()
  }

  /** Says something to the other side; what was heard before is passed over. */
  say(speaker: Customer | Agent, n: number, text: string): void {
    const { ticket, name } = speaker
    if (ticket === null || n <= (ticket.heard.get(speaker) ?? 0)) return
    ticket.heard.set(speaker, n)
    this.#note(ticket, text, speaker === ticket.customer ? 'customer' : 'agent', name, n)
    if (ticket.agent === null) this.#tellAll()
  }

  /** The agent takes who is first in line. */
  takeNext(agent: Agent): void {
    if (agent.ticket !== null) return
    const ticket = this.#line.shift()
    if (ticket !== undefined) this.#give(ticket, agent)
  }

  /** The agent hands over: to the free agent of this name, or to whoever is free next. */
  handOver(agent: Agent, name: string): void {
    const { ticket } = agent
    if (ticket === null) return
    const other = [...this.#agents.values()].find((one) => one.name === name && one.ticket === null)
    if (name !== '' && other === undefined) return
    if (other === undefined) return this.#putBack(ticket, `${agent.name} hands over to whoever is free next.`)
    this.#note(ticket, `${agent.name} hands over to ${name}.`)
    this.#release(ticket)
    this.#give(ticket, other)
  }

  /** Ends a conversation, or the waiting for one. */
  end(ticket: Ticket | null, why: string): void {
    if (ticket === null) return
    this.#note(ticket, why)
    this.#release(ticket)
    this.#line = this.#line.filter((other) => other !== ticket)
    ticket.customer.ticket = null
    ticket.customer.endedTicket = ticket.id
    this.#tellAll()
  }

  /** Tells everybody how things stand: after what happens in this turn of the event loop. */
  #tellAll(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    setImmediate(() => {
      this.#isTelling = false
      const agents = [...this.#agents.values()]
      const counts = { waiting: this.#line.length, agents: agents.length }
      for (const customer of this.#customers.values()) customer.seat.tell(this.#stateOf(customer, counts))
      const line = this.#line.map(describeTicket)
      const free = agents.filter(({ ticket }) => ticket === null).map(({ name }) => name)
      for (const agent of agents) agent.seat.tell({ you: agent.name, line, free, ...describeTalk(agent) })
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
    agent.seat.tell({ ticket: ticket.id, entries: ticket.entries })
    this.#note(ticket, `${agent.name} is there for ${ticket.customer.name}.`)
    this.#tellAll()
  }

  #release(ticket: Ticket): void {
    if (ticket.agent !== null) ticket.agent.ticket = null
    ticket.agent = null
  }

  /** Puts a ticket that was taken at the head of the line. */
  #putBack(ticket: Ticket | null, why: string): void {
    if (ticket === null) return
    this.#note(ticket, why)
    this.#release(ticket)
    this.#line.unshift(ticket)
    this.#tellAll()
  }

  #seat({ seat, ticket }: Customer | Agent, session: WebSocket): void {
    seat.take(session)
    if (ticket !== null) seat.tell({ ticket: ticket.id, entries: ticket.entries })
    this.#tellAll()
  }

  #freeName(): string {
    const names = new Set([...this.#agents.values()].map(({ name }) => name))
    let number = 1
    while (names.has(`Agent ${number}`)) number += 1
    return `Agent ${number}`
  }

  #note(ticket: Ticket, text: string, from: Entry['from'] = 'desk', name = '', n = 0): void {
    const { entries, customer, agent } = ticket
    const id = (entries.at(-1)?.id ?? 0) + 1
    const entry = { id, n, from, name, text, time: new Date().toISOString() }
    entries.push(entry)
    if (entries.length > MAX_ENTRIES) entries.shift()
    for (const side of [customer, agent]) side?.seat.tell({ ticket: ticket.id, entries: [entry] })
  }
}

function describeTicket({ id, customer, entries }: Ticket): object {
  const topic = entries.find(({ from }) => from === 'customer')?.text ?? ''
  const shown = topic.length > MAX_TOPIC ? `${topic.slice(0, MAX_TOPIC)}…` : topic
  return { id, name: customer.name, topic: shown, isAway: customer.seat.isAway }
}

/** The conversation of one side: the number of its ticket, and what was heard of that side. */
function describeTalk(side: Customer | Agent): object {
  const { ticket } = side
  if (ticket === null) return { ticket: null, heard: 0, with: null }
  const other = side === ticket.customer ? ticket.agent : ticket.customer
  const partner = other === null ? null : { name: other.name, isAway: other.seat.isAway }
  return { ticket: ticket.id, heard: ticket.heard.get(side) ?? 0, with: partner }
}
