// An application of NestJS, in plain JavaScript: decorators are functions. See ../nestjs.mjs.
import 'reflect-metadata';
import { Body, Controller, Module, Post, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { of, take } from 'rxjs';
import { exchange, restartOnExit } from 'simple-ipc';
import { InjectWorker, toSse, WorkerModule } from 'simple-ipc/nestjs';

/** Doubles numbers, after half a second. */
const SLOW = `require('node:readline').createInterface({ input: process.stdin }).on('line', (line) =>
  setTimeout(() => console.log(line * 2), 500))`;

class EngineController {
  constructor(engine, pool) {
    this.engine = engine;
    this.pool = pool;
  }
  ask({ n }) {
    return of(n).pipe(exchange(this.engine, { reply: take(1), timeoutMs: 30_000 }));
  }
  lines() {
    return toSse(this.engine);
  }
}
const decorate = (name, decorator) =>
  decorator(
    EngineController.prototype,
    name,
    Object.getOwnPropertyDescriptor(EngineController.prototype, name),
  );
InjectWorker('engine')(EngineController, undefined, 0);
InjectWorker('pool')(EngineController, undefined, 1);
decorate('ask', Post('ask'));
Body()(EngineController.prototype, 'ask', 0);
decorate('lines', Sse('lines'));
Controller()(EngineController);

const command = ['node', '-e', SLOW];
class AppModule {}
Module({
  imports: [
    WorkerModule.register({ name: 'engine', command, supervise: restartOnExit() }),
    WorkerModule.registerAsync({ name: 'pool', useFactory: async () => ({ command, size: 2 }) }),
  ],
  controllers: [EngineController],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log(app.getHttpServer().address().port);
