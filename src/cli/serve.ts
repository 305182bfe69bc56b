/** The command `dwebsocket serve`. */
export async function serve(_args: string[]): Promise<number> {
  throw new Error('serve is not there yet')
}
