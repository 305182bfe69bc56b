import type { Connection } from '../connection/connection.ts'
import type { PreparedMessage } from '../connection/send/prepared-message.ts'
import { ENTRY_OVERHEAD } from './broker/size.ts'
import { NumberedStore } from './numbered-store.ts'

/** A message that waits for slow members, and the members that do not get it. */
export interface BacklogEntry {
  readonly message: PreparedMessage
  readonly except: readonly Connection[]
}

/** The last messages of a room for its slow members. Each member has the number of its next message. */
export class Backlog extends NumberedStore<BacklogEntry> {
  constructor(maxBytes: number) {
    super({ maxBytes, sizeOf: ({ message, except }) => ENTRY_OVERHEAD + message.frame.length + 8 * except.length })
  }

  override push({ message, except }: BacklogEntry): void {
    super.push({ message: message.detach(), except })
  }
}
