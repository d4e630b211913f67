import { inject, provideBrowserGlobalErrorListeners, type ApplicationConfig } from '@angular/core';
import { provideClientHydration } from '@angular/platform-browser';
import { provideRouter } from '@angular/router';
import { provideWorkers } from 'simple-ipc/angular';
import { socketLink } from 'simple-ipc/remote';
import { Session } from './session';

export const appConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideRouter([]),
    provideClientHydration(),
    provideWorkers(() => {
      const session = inject(Session);
      return { link: socketLink('/workers'), token: () => session.token(), maxDelayMs: 5_000 };
    }),
  ],
};
