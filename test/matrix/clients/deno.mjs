import standard from './standard.cjs'

standard.echo(new WebSocket(Deno.args[0]))
