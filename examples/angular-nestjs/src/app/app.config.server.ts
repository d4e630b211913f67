import {
  inject,
  mergeApplicationConfig,
  REQUEST_CONTEXT,
  type ApplicationConfig,
} from '@angular/core';
import { provideServerRendering, RenderMode, withRoutes } from '@angular/ssr';
import { provideWorkersOf, type LinkSource } from 'simple-ipc/angular';
import { appConfig } from './app.config';

/** The providers of each page that the back end renders. */
interface RenderContext {
  readonly workers: LinkSource;
}

const serverConfig: ApplicationConfig = {
  providers: [
    provideServerRendering(withRoutes([{ path: '**', renderMode: RenderMode.Server }])),
    // Without it, pages are rendered without the engine: nothing starts or connects, and nothing is waited for.
    process.env['RENDER_WITHOUT_WORKERS']
      ? []
      : provideWorkersOf(() => (inject(REQUEST_CONTEXT) as RenderContext).workers),
  ],
};

export const config = mergeApplicationConfig(appConfig, serverConfig);
