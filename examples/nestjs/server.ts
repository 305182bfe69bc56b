import 'reflect-metadata'
import {
  type BeforeApplicationShutdown,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnModuleInit,
} from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'
import { createServer, require_websocket, type WebSocketServer } from 'dwebsocket'

@Injectable()
class Greetings {
  greet(name: string, text: string): string {
    return `${name}: ${text}`
  }
}

@Injectable()
class Sockets implements OnModuleInit, BeforeApplicationShutdown {
  readonly #host: HttpAdapterHost
  readonly #server: WebSocketServer

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost, @Inject(Greetings) greetings: Greetings) {
    const echo = require_websocket<'/echo/:name'>(async ({ websocket, params }) => {
      for await (const message of websocket) await websocket.send(greetings.greet(params.name, String(message)))
    })
    this.#host = host
    this.#server = createServer({ urls: { '/echo/:name': echo } })
  }

  onModuleInit(): void {
    this.#server.attach(this.#host.httpAdapter.getHttpServer())
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#server.shutdown()
  }
}

@Controller()
class Pages {
  @Get()
  index(): string {
    return 'hello'
  }
}

@Module({ controllers: [Pages], providers: [Greetings, Sockets] })
class AppModule {}

const app = await NestFactory.create(AppModule)
app.enableShutdownHooks()
await app.listen(process.env['PORT'] ?? 8000)
console.log(`listening on ${await app.getUrl()}`)
