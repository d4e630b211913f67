import { Module } from '@nestjs/common';
import { last, takeWhile } from 'rxjs';
import { lines, restartOnExit } from 'simple-ipc';
import { WorkerModule } from 'simple-ipc/nestjs';
import { EngineController } from './EngineController.js';
import { EngineHost } from './EngineHost.js';
import { Sessions } from './Sessions.js';
import { WorkersGateway } from './WorkersGateway.js';

@Module({
  imports: [
    WorkerModule.register({
      name: 'engine',
      command: process.env['ENGINE'] ?? 'stockfish',
      // Debian keeps it in /usr/games.
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/games` },
      codec: lines({ lineBreaks: 'allow' }), // A request is two lines, which belong together.
      ready(output$, write) {
        write('uci\nsetoption name Threads value 1\nisready');
        return output$.pipe(
          takeWhile((line) => line !== 'readyok', true),
          last(),
        );
      },
      supervise: restartOnExit({
        when: 'always',
        delayMs: 1_500,
        factor: 1,
        jitter: false,
        maxRestarts: Infinity,
      }),
    }),
  ],
  controllers: [EngineController],
  providers: [Sessions, EngineHost, WorkersGateway],
})
export class AppModule {}
