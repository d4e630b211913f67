import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { headers } from '@nats-io/nats-core';
import { lastValueFrom } from 'rxjs';
import { RequestLostError, SimpleIpcError } from 'simple-ipc';
import { describeWithNats } from '../support/natsServer.js';
import { askRemote as ask, eventually, natsRig } from '../support/natsRig.js';
import { cleanUp, temporaryFolder } from '../support/programs.js';

/** The rights in docs/many-machines.md, for the subject `test.ask`. */
const CREATE = ['$JS.API.STREAM.CREATE.test-ask', '$JS.API.CONSUMER.CREATE.test-ask.>'];
const INFO = ['$JS.API.CONSUMER.INFO.test-ask.pool', '$JS.API.STREAM.INFO.test-ask'];
const rights = {
  node: {
    publish: [
      '_ASK.>',
      '$JS.ACK.test-ask.pool.>',
      '$JS.API.CONSUMER.MSG.NEXT.test-ask.pool',
      ...INFO,
      ...CREATE,
    ],
    subscribe: ['_NODE.>', 'test.ask.cancel'],
  },
  client: {
    publish: [
      'test.ask',
      'test.ask.cancel',
      '_NODE.>',
      ...INFO,
      '$JS.API.STREAM.MSG.GET.test-ask',
      '$JS.API.STREAM.MSG.DELETE.test-ask',
    ],
    subscribe: ['_ASK.>'],
  },
  stranger: { publish: ['other'], subscribe: ['_STRANGER.>'] },
};

const users = Object.entries(rights).map(
  ([user, permissions]) =>
    `{ user: ${user}, password: p, permissions: ${JSON.stringify(permissions)} }`,
);
const ACCOUNTS = `authorization { users: [ ${users.join(', ')} ] }`;

const as = (user: string, inboxPrefix: string) => ({
  inboxPrefix,
  connectTo: { user, pass: 'p', inboxPrefix },
});

describeWithNats('the security of a queue', () => {
  afterEach(cleanUp);

  it('needs of an account no more rights than the chapter lists, over TLS', async () => {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
    execFileSync('openssl', [...made, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const tls = `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)} }`;
    await using rig = await natsRig(`${ACCOUNTS}\n${tls}`);
    const ca = readFileSync(cert, 'utf8');
    const secure = (user: string, prefix: string) => {
      const { connectTo, ...options } = as(user, prefix);
      return { ...options, connectTo: { ...connectTo, tls: { ca } } };
    };
    const { service, connection } = await rig.serve(secure('node', '_NODE'));
    expect(connection.info?.tls_required).toBe(true);
    const remote = await rig.remote(secure('client', '_ASK'));
    expect(await lastValueFrom(ask(remote, 'echo once'))).toBe('echo once done');
    expect(await lastValueFrom(ask(remote, 'echo twice', { idempotent: true }))).toBe(
      'echo twice done',
    );
    expect(await remote.status()).toMatchObject({ waiting: 0 });
    const left = ask(remote, 'hold a').subscribe();
    await eventually(() => rig.executed().includes('hold a'));
    left.unsubscribe();
    await eventually(() => service.status$.value.abandoned === 1);
    rig.release('a');
    // Neither without TLS and a user, nor with a wrong password.
    await expect(rig.open({ maxReconnectAttempts: 0 })).rejects.toThrow();
    const wrong = { user: 'client', pass: 'x', tls: { ca }, maxReconnectAttempts: 0 };
    await expect(rig.open(wrong)).rejects.toThrow(/uthorization/);
  });

  it('refuses the requests, replies and cancellations of a stranger', async () => {
    await using rig = await natsRig(ACCOUNTS);
    const { service } = await rig.serve(as('node', '_NODE'));
    const remote = await rig.remote(as('client', '_ASK'));
    const stranger = await rig.remote(as('stranger', '_STRANGER'));
    await expect(lastValueFrom(ask(stranger, 'echo a'))).rejects.toThrow(SimpleIpcError);
    const held = lastValueFrom(ask(remote, 'hold b'));
    await eventually(() => rig.executed().length === 1);
    for (const subject of ['test.ask.cancel', '_ASK.x.0.1.0.last', '_NODE.x.y']) {
      stranger.connection.publish(subject, 'x');
    }
    await stranger.connection.flush();
    rig.release('b');
    expect(await held).toBe('hold b done');
    expect(service.status$.value).toMatchObject({ replied: 1, abandoned: 0, failed: 0 });
    expect(rig.executed()).toEqual(['hold b']);
  });

  it.each([
    ['no headers', {}],
    ['a reply-to of the broker', { 'Nats-Msg-Id': '$JS.API.STREAM.DELETE.test-ask' }],
    ['a reply-to with a wildcard', { 'Nats-Msg-Id': '_INBOX.*.1' }],
    ['attempts that are no number', { 'Nats-Msg-Id': '_INBOX.a.1', 'Ipc-Attempts': 'many' }],
    ['no attempts', { 'Nats-Msg-Id': '_INBOX.a.1', 'Ipc-Attempts': '0' }],
    ['a negative time', { 'Nats-Msg-Id': '_INBOX.a.1', 'Ipc-Timeout-Ms': '-1' }],
  ])('does not execute a request with %s', async (_, fields) => {
    await using rig = await natsRig();
    const { service, errors } = await rig.serve();
    const remote = await rig.remote();
    await lastValueFrom(ask(remote, 'echo first'));
    const written = headers();
    for (const [name, value] of Object.entries(fields)) written.set(name, value);
    remote.connection.publish('test.ask', '"echo forged"', { headers: written });
    await eventually(() => service.status$.value.failed === 1);
    expect(errors).toEqual([new TypeError('test.ask: a request without sound headers')]);
    expect(await lastValueFrom(ask(remote, 'echo second'))).toBe('echo second done');
    expect(rig.executed()).toEqual(['echo first', 'echo second']);
  });

  it('answers a request that cannot be decoded with an error', async () => {
    await using rig = await natsRig();
    const { service } = await rig.serve();
    const remote = await rig.remote();
    await lastValueFrom(ask(remote, 'echo first'));
    const replies: string[] = [];
    remote.connection.subscribe('_INBOX.forged.1.>', {
      callback: (_, msg) => {
        replies.push(msg.string());
      },
    });
    const written = headers();
    written.set('Nats-Msg-Id', '_INBOX.forged.1');
    written.set('Ipc-Attempts', '1');
    remote.connection.publish('test.ask', '{', { headers: written });
    await eventually(() => service.status$.value.failed === 1 && replies.length === 1);
    expect(JSON.parse(replies[0] ?? '')).toMatchObject({ name: 'FramingError' });
    expect(rig.executed()).toEqual(['echo first']);
  });

  it('ignores replies that are malformed, or of a worker that was not allowed to begin', async () => {
    await using rig = await natsRig();
    await rig.serve();
    const remote = await rig.remote();
    const connection = await rig.open();
    const inboxes: string[] = [];
    connection.subscribe('_INBOX.>', {
      callback: (_, msg) => {
        if (msg.subject.endsWith('.begin'))
          inboxes.push(msg.subject.split('.').slice(0, -3).join('.'));
      },
    });
    await connection.flush();
    const held = lastValueFrom(ask(remote, 'hold a'));
    await eventually(() => rig.executed().length === 1);
    const [inbox = ''] = inboxes;
    const forged = [
      '1.0.last',
      '9.0.last',
      'x.0.last',
      '1.-1.value',
      '1.0.nonsense',
      '1.0',
      'a.b.c.d',
    ];
    for (const tokens of forged) {
      connection.publish(`${inbox}.${tokens}`, '"forged"', { reply: '_INBOX.forger.1' });
      connection.publish(`${inbox}.${tokens}`, '"forged"');
      connection.publish(`${inbox}.${tokens}`, '"forged"', {
        reply: '$JS.API.STREAM.DELETE.test-ask',
      });
    }
    connection.publish(inbox, 'not a receipt');
    await connection.flush();
    rig.release('a');
    expect(await held).toBe('hold a done');
    // The stream is still there.
    expect(await lastValueFrom(ask(remote, 'echo b'))).toBe('echo b done');
  });

  it('loses a reply that has a gap', async () => {
    await using rig = await natsRig();
    const remote = await rig.remote();
    const connection = await rig.open();
    // A node by hand: it begins, and skips a part.
    const reply = lastValueFrom(ask(remote, 'echo a'));
    const failure = expect(reply).rejects.toThrow(RequestLostError);
    await eventually(() => remote.connection.stats().outMsgs > 4);
    let replyTo = '';
    connection.subscribe('_INBOX.node.1', {
      callback: (_, msg) => {
        if (msg.string() !== 'go') return;
        connection.publish(`${replyTo}.1.0.value`, '"one"', { reply: '_INBOX.node.1' });
        connection.publish(`${replyTo}.1.2.last`, '"three"', { reply: '_INBOX.node.1' });
      },
    });
    connection.subscribe('_INBOX.pull', {
      callback: (_, msg) => {
        replyTo = msg.headers?.get('Nats-Msg-Id') ?? '';
        connection.publish(`${replyTo}.1.0.begin`, '', { reply: '_INBOX.node.1' });
      },
    });
    connection.publish('$JS.API.CONSUMER.MSG.NEXT.test-ask.pool', '1', { reply: '_INBOX.pull' });
    await failure;
  });
});
