import {
  AngularNodeAppEngine,
  createNodeRequestHandler,
  writeResponseToNodeResponse,
} from '@angular/ssr/node';
import type { NextFunction, Request, Response } from 'express';

const angular = new AngularNodeAppEngine();

/** Renders a page; the back end calls it, with what the page may use of it (see app.config.server.ts). */
export function render(
  request: Request,
  response: Response,
  next: NextFunction,
  context?: unknown,
): void {
  angular
    .handle(request, context)
    .then((page) => (page ? writeResponseToNodeResponse(page, response) : next()))
    .catch(next);
}

/** For `ng serve` and the build. */
export const reqHandler = createNodeRequestHandler((request, response, next) =>
  render(request as Request, response as Response, next as NextFunction),
);
