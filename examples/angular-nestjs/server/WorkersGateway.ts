import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { IncomingMessage } from 'node:http';
import { refusalOf, socketLine } from 'simple-ipc/host';
import type { WebSocket } from 'ws';
import { EngineHost } from './EngineHost.js';
import { origins } from './settings.js';

interface Verification {
  readonly req: IncomingMessage;
}

/** Hands the sockets of `/workers` to the host, once their Origin and Host are those of this application. */
@WebSocketGateway({
  path: '/workers',
  maxPayload: 2 ** 20,
  perMessageDeflate: false,
  verifyClient({ req }: Verification, done: (isTaken: boolean, status?: number) => void) {
    const hosts = origins.map((origin) => new URL(origin).host);
    const status = refusalOf(req, { path: '/workers', origins, hosts });
    done(status === undefined, status);
  },
})
export class WorkersGateway implements OnGatewayConnection<WebSocket> {
  constructor(private readonly engineHost: EngineHost) {}

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    this.engineHost.host.accept(socketLine(socket), {
      request,
      address: request.socket.remoteAddress,
    });
  }
}
