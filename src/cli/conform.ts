/** The command `dwebsocket conform`. */
export async function conform(_args: string[]): Promise<number> {
  throw new Error('conform is not there yet')
}
