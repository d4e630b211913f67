// The main process: the program runs here, and takes one kind of request from the page.
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, ipcMain, type WebFrameMain } from 'electron';
import { take } from 'rxjs';
import { createWorker } from 'simple-ipc';
import { createHost, expose, portLine, type RemoteOf } from 'simple-ipc/host';

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

const bc = createWorker('bc');
const calculator = expose(bc, {
  exchanges: { evaluate: { reply: take<string>(1), timeoutMs: 5_000 } },
  // bc answers a number with a line: names, assignments and functions it does not.
  check: (value) => (/^[\d\s()+*/^.-]+$/.test(String(value)) ? undefined : 'only numbers, please'),
});
export type Calculator = RemoteOf<typeof calculator>;

const host = createHost({
  workers: { calculator },
  // Of all that this process shows, only its own page may calculate.
  authorize: (_, { frame }) =>
    (frame as WebFrameMain).url.startsWith('file:') ? { id: 'page' } : undefined,
});

ipcMain.on('workers', ({ ports: [port], senderFrame }) => {
  if (port) host.accept(portLine(port), { frame: senderFrame });
});

app.on('window-all-closed', () => {
  void host
    .close()
    .then(() => bc.stop())
    .then(() => app.quit());
});

await app.whenReady();
const window = new BrowserWindow({ webPreferences: { preload: pathOf('preload.js') } });
await window.loadFile(pathOf('index.html'));
