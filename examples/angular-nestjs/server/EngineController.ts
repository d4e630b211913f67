import { Controller, Headers, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import type { ReactiveWorker } from 'simple-ipc';
import { InjectWorker } from 'simple-ipc/nestjs';
import { Sessions } from './Sessions.js';

@Controller('api')
export class EngineController {
  constructor(
    @InjectWorker('engine') private readonly engine: ReactiveWorker,
    private readonly sessions: Sessions,
  ) {}

  @Post('session')
  session(): { token: string } {
    return { token: this.sessions.issue() };
  }

  /** Kills the engine, as a crash would: what comes back is the work of its restart policy. */
  @Post('engine/kill')
  @HttpCode(204)
  kill(@Headers('authorization') authorization = ''): void {
    if (!this.sessions.verify(authorization.replace('Bearer ', ''))) {
      throw new UnauthorizedException();
    }
    const status = this.engine.status$.value;
    if (status.state === 'running') process.kill(status.pid, 'SIGKILL');
  }
}
