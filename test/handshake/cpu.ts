/** Returns the lowest CPU time of three runs of `action`, in milliseconds. Other processes do not count. */
export function cpuMilliseconds(action: () => unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    const before = process.cpuUsage()
    action()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}
