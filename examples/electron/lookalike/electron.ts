// In the place of `electron`, where there is none: what the example uses of it, in one process. Its ports are real
// MessagePorts of Node, with the interface of MessagePortMain in the main process.
import { EventEmitter } from 'node:events';
import type { MessagePort as NodePort } from 'node:worker_threads';

/** A frame, of which the example reads the URL. */
export interface WebFrameMain {
  readonly url: string;
}

/** What arrives in the main process. */
export interface IpcMainEvent {
  readonly ports: readonly MessagePortMain[];
  readonly senderFrame: WebFrameMain;
}

/** A port in the main process: an EventEmitter whose messages wait for `start()`. */
export class MessagePortMain extends EventEmitter {
  readonly #port: NodePort;

  constructor(port: NodePort) {
    super();
    this.#port = port;
    port.on('close', () => this.emit('close'));
  }

  start(): void {
    this.#port.on('message', (data: unknown) => this.emit('message', { data }));
  }

  postMessage(message: unknown): void {
    this.#port.postMessage(message);
  }

  close(): void {
    this.#port.close();
  }
}

class IpcMain extends EventEmitter {
  override on(channel: string, listener: (event: IpcMainEvent) => void): this {
    return super.on(channel, listener);
  }
}

export const ipcMain = new IpcMain();

class App extends EventEmitter {
  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  quit(): void {
    console.log('The application has quit.');
  }
}

export const app = new App();

let frame: WebFrameMain = { url: 'about:blank' };

export const ipcRenderer = {
  postMessage(channel: string, _message: unknown, ports: readonly unknown[]): void {
    const inMain = ports.map((port) => new MessagePortMain(port as NodePort));
    ipcMain.emit(channel, { ports: inMain, senderFrame: frame } satisfies IpcMainEvent);
  },
};

/** A window without a screen: its page prints, and it is closed when the page has printed three times. */
export class BrowserWindow {
  readonly #preload: string;

  constructor({ webPreferences }: { readonly webPreferences: { readonly preload: string } }) {
    this.#preload = webPreferences.preload;
  }

  async loadFile(file: string): Promise<void> {
    frame = { url: `file://${file}` };
    const page = new EventTarget();
    let printed = 0;
    const append = (text: string): void => {
      process.stdout.write(text);
      if (++printed < 3) return;
      page.dispatchEvent(new Event('unload'));
      app.emit('window-all-closed');
    };
    const window = Object.assign(page, {
      postMessage: (data: unknown, _origin: string, ports: readonly unknown[]) =>
        page.dispatchEvent(Object.assign(new Event('message'), { data, ports, source: page })),
    });
    Object.assign(globalThis, {
      window,
      document: { querySelector: () => ({ append }) },
      addEventListener: (type: string, listener: () => void) =>
        page.addEventListener(type, listener),
    });
    await import(this.#preload.replace(/js$/, 'ts'));
    await import(file.replace('index.html', 'renderer.ts'));
  }
}
