// The preload script: a port from the page goes to the main process, and nothing else.
import { ipcRenderer } from 'electron';

window.addEventListener('message', ({ data, ports, source }) => {
  if (source === window && data === 'workers') ipcRenderer.postMessage('workers', null, [...ports]);
});
