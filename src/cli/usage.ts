/** Wrong arguments: the message goes to standard error, the exit code is 2. */
export class UsageError extends Error {}

/** An option's whole number from `least` to `most`. Throws a UsageError for anything else. */
export function readInteger(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`--${name} ${text}: a whole number from ${least} to ${most} is allowed`)
  }
  return value
}

/** Resolves to the name of the first SIGINT or SIGTERM. */
export function terminationSignal(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve('SIGINT'))
    process.once('SIGTERM', () => resolve('SIGTERM'))
  })
}

/** `host:port` as it stands in a URL. */
export function authorityOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
