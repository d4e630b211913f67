import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ReactiveWorker } from 'simple-ipc';
import { createHost, type WorkerHost } from 'simple-ipc/host';
import { InjectWorker } from 'simple-ipc/nestjs';
import { exposeEngine } from './exposeEngine.js';
import { Sessions } from './Sessions.js';

/** The host that browsers connect to. */
@Injectable()
export class EngineHost implements BeforeApplicationShutdown {
  readonly host: WorkerHost;
  /** The same for the pages that this server renders: they are in no need of a token. */
  readonly rendering: WorkerHost;

  constructor(@InjectWorker('engine') engine: ReactiveWorker, sessions: Sessions) {
    const workers = { engine: exposeEngine(engine) };
    this.host = createHost({ workers, authorize: ({ token }) => sessions.verify(token) });
    this.rendering = createHost({ workers, authorize: () => ({ id: 'server' }) });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.host.close(), this.rendering.close()]);
  }
}
