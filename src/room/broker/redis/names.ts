/** The names of keys and channels in Redis. */
export class RedisNames {
  /** Precedes every key and channel. */
  readonly prefix: string
  /** The channel of this process. */
  readonly ownChannel: string

  /** @param isCluster In a Redis Cluster all keys have to be in one slot, which the part in braces chooses. */
  constructor(prefix: string, origin: string, isCluster: boolean) {
    this.prefix = isCluster && !/\{[^}]+\}/.test(prefix) ? `{${prefix}}` : prefix
    this.ownChannel = `${this.prefix}:of:${origin}`
  }

  channelOf(topic: string): string {
    return `${this.prefix}:to:${encodeName(topic)}`
  }

  topicOf(channel: string): string {
    return decodeName(channel.slice(this.prefix.length + ':to:'.length))
  }
}

const ESCAPE = '\0'

/**
 * Encodes a topic, or a key of the presence. They contain names that come from peers, and UTF-8 has no form for lone
 * surrogates: different names would become the same.
 */
export function encodeName(name: string): string {
  return isWellFormed(name) && !name.startsWith(ESCAPE) ? name : ESCAPE + JSON.stringify(name)
}

/** The inverse of `encodeName`; a name that it has not made is returned as it is. */
export function decodeName(encoded: string): string {
  if (!encoded.startsWith(ESCAPE)) return encoded
  try {
    return String(JSON.parse(encoded.slice(ESCAPE.length)))
  } catch {
    return encoded
  }
}

/** Whether there is no lone surrogate. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
