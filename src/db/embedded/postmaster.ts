import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asAccount } from './account.ts';
import type { Address } from './address.ts';
import type { Binaries } from './binaries.ts';
import { endProcess } from './end-process.ts';
import type { Place } from './place.ts';

/** A running PostgreSQL that is a child of ours. */
export interface Postmaster {
  readonly pid: number;
  /** Settles when it is gone, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface PostmasterOptions {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly address: Address;
  /** PostgreSQL's settings, over the usual ones. */
  readonly settings: Readonly<Record<string, string>>;
}

const pollMs = 10;
/** Recovery after a crash replays at most `max_wal_size`; a slow disk may need minutes. */
const readyTimeoutMs = 300_000;

/** For one product on one machine. What is committed survives a crash: nothing of the durable defaults is turned off. */
const usual: Readonly<Record<string, string>> = {
  max_connections: '150',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // The log holds what happens to the server, never statements or values: errors of statements rank below `log`.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

/** Starts PostgreSQL and waits until it accepts connections. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const logFile = join(options.place.folder, 'postgres.log');
  const output = await open(logFile, 'w', 0o600);
  const child = await launch(options, output).finally(() => output.close());
  const pid = child.pid ?? 0;
  const ended = !hasEnded(child) ? once(child, 'exit').then(() => {}) : Promise.resolve();
  const endWithUs = () => child.kill('SIGINT');
  process.once('exit', endWithUs);
  void ended.then(() => process.off('exit', endWithUs));
  try {
    await waitUntilReady(child, options.place.cluster);
  } catch (error) {
    await (hasEnded(child) ? undefined : endProcess(pid, ended));
    const said = (await readFile(logFile, 'utf8').catch(() => '')).trim();
    throw new Error(`PostgreSQL doesn't start in ${options.place.cluster}:\n${said || String(error)}`, {
      cause: error,
    });
  }
  // Once it is gone its number may be somebody else's.
  const stop = async () => (hasEnded(child) ? undefined : endProcess(pid, ended));
  return { pid, ended, stop };
}

/**
 * In a process group of its own: Ctrl-C in a terminal reaches us alone, and we stop PostgreSQL when nobody needs it any more.
 * Its output goes to a file, since a pipe would block it whenever we are busy.
 */
async function launch(
  { place, binaries, address, settings }: PostmasterOptions,
  output: FileHandle,
): Promise<ChildProcess> {
  const all = { ...usual, ...addressSettings(address), ...settings };
  const args = ['-D', place.cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const stdio = ['ignore' as const, output.fd, output.fd];
  const child = spawn(binaries.postgres, args, { ...asAccount(place.account), detached: true, stdio });
  await once(child, 'spawn');
  child.unref();
  return child;
}

function addressSettings({ port, socketFolder }: Address): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: socketFolder === null ? '' : quoted(socketFolder),
    unix_socket_permissions: '0700',
  };
}

/** The setting is a list: a comma in a folder's name must not end an item. */
function quoted(item: string): string {
  return `"${item.replaceAll('"', '""')}"`;
}

async function waitUntilReady(child: ChildProcess, cluster: string): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  while (!(await isReady(child, cluster))) {
    if (hasEnded(child)) {
      throw new Error(`postgres ended with ${child.exitCode ?? child.signalCode}`);
    }
    if (performance.now() > deadline) {
      throw new Error(`postgres was not ready after ${readyTimeoutMs / 1000} seconds`);
    }
    await sleep(pollMs);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** PostgreSQL writes its state into the eighth line of its pid file; pg_ctl waits for the same. */
async function isReady(child: ChildProcess, cluster: string): Promise<boolean> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready';
}
