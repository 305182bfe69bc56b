/** The command `dwebsocket bench`. */
export async function bench(_args: string[]): Promise<number> {
  throw new Error('bench is not there yet')
}
