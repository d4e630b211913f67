import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import type { NextFunction, Request, Response } from 'express';
import { fileURLToPath } from 'node:url';
import { AppModule } from './AppModule.js';
import { EngineHost } from './EngineHost.js';
import { port } from './settings.js';

const front = new URL('../app/', import.meta.url);

/** The server's half of the Angular application, see src/server.ts. */
interface Renderer {
  render(request: Request, response: Response, next: NextFunction, context: unknown): void;
}
const { render } = (await import(new URL('server/server.mjs', front).href)) as Renderer;

const app = await NestFactory.create<NestExpressApplication>(AppModule);
app.useWebSocketAdapter(new WsAdapter(app));
app.enableShutdownHooks();
app.useStaticAssets(fileURLToPath(new URL('browser', front)), { index: false, maxAge: '1y' });
const { rendering } = app.get(EngineHost);
app.use((request: Request, response: Response, next: NextFunction) => {
  if (request.path.startsWith('/api/')) next();
  else render(request, response, next, { workers: rendering });
});
await app.listen(port);
console.log(`Play at http://localhost:${port}`);
