import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be made as bad as networks are. */
export interface UnsteadyNetwork extends AsyncDisposable {
  readonly url: string;
  /** Nothing gets through any more in either direction, and nobody is told. */
  freeze(): void;
  /** Everything is cut, and nobody gets a connection. */
  cut(): void;
  /** What opens a WebSocket is cut; everything else gets through. */
  refuseUpgrades(): void;
  /** All is well again for new connections. */
  mend(): void;
}

export async function openNetwork(to: string): Promise<UnsteadyNetwork> {
  const { port, hostname } = new URL(to);
  const sockets = new Set<Socket>();
  let state: 'well' | 'frozen' | 'cut' | 'without upgrades' = 'well';
  const pass = (from: Socket, onto: Socket, isInbound: boolean) => {
    sockets.add(from);
    from.on('data', (data) => {
      if (state === 'without upgrades' && isInbound && /^upgrade: websocket/im.test(data.toString('latin1'))) {
        from.destroy();
      } else if (state !== 'frozen') {
        onto.write(data);
      }
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      onto.destroy();
    });
  };
  const server = createServer((inbound) => {
    if (state === 'cut') {
      inbound.destroy();
      return;
    }
    const outbound = connect(Number(port), hostname);
    pass(inbound, outbound, true);
    pass(outbound, inbound, false);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cutAll = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => {
      state = 'frozen';
    },
    cut: () => {
      state = 'cut';
      cutAll();
    },
    refuseUpgrades: () => {
      state = 'without upgrades';
    },
    mend: () => {
      state = 'well';
      cutAll();
    },
    [Symbol.asyncDispose]: async () => {
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}
