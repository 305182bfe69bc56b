/** The names of keys and channels in Redis. */
export class RedisNames {
  /** Prefix of all keys and channels. */
  readonly prefix: string
  /** The channel of this process. */
  readonly ownChannel: string

  /**
   * @param isCluster Whether all keys must be in the same slot of a Redis Cluster. The part of a key in braces
   *   determines its slot.
   */
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
 * Encodes a topic or a presence key. Both contain names from peers, which may have lone surrogates. UTF-8 cannot encode
 * these, so different names would become equal.
 */
export function encodeName(name: string): string {
  return isWellFormed(name) && !name.startsWith(ESCAPE) ? name : ESCAPE + JSON.stringify(name)
}

/** The inverse of `encodeName`. Other names are returned unchanged. */
export function decodeName(encoded: string): string {
  if (!encoded.startsWith(ESCAPE)) return encoded
  try {
    return String(JSON.parse(encoded.slice(ESCAPE.length)))
  } catch {
    return encoded
  }
}

/** Returns whether a text has no lone surrogates. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
