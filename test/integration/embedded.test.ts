import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { type EmbeddedServer, startEmbedded } from '../../src/db/embedded.ts';
import { embeddedChild } from '../support/embedded-child.ts';

const folders: string[] = [];

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-embedded-'));
  folders.push(folder);
  return folder;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Several statements have several results; the last one is the answer.
    const result = [await client.query({ text: sql, rowMode: 'array' })].flat().at(-1);
    return result?.rows.flat() ?? [];
  } finally {
    await client.end();
  }
}

function write(url: string, value: string): Promise<unknown[]> {
  return query(
    url,
    `create table if not exists kept (value text); insert into kept values ('${value}') returning value`,
  );
}

/** The server's own pid file, as it was before `change`. */
async function postmasterPid(server: { dataDir: string }): Promise<number> {
  return Number.parseInt(await readFile(join(server.dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a first start makes a Unicode database that is the same on every system, for pg and Prisma alike', async () => {
  await using server = await startEmbedded({ dataDir: await newFolder() });
  const settings = `select pg_encoding_to_char(encoding), datcollate, datlocprovider, datlocale
    from pg_database where datname = current_database()`;

  expect(await query(server.url, settings)).toEqual(['UTF8', 'C', 'b', 'C.UTF-8']);

  const database = openDatabase({ url: server.url });
  expect(await database.prisma.$queryRaw`select lower('ÄÉÎ') as folded`).toEqual([{ folded: 'äéî' }]);
  await database.close();
});

test('what is committed is on the disk: nothing durable is turned off', async () => {
  await using server = await startEmbedded({ dataDir: await newFolder() });
  const names = `'fsync', 'synchronous_commit', 'full_page_writes'`;
  expect(await query(server.url, `select setting from pg_settings where name in (${names})`)).toEqual([
    'on',
    'on',
    'on',
  ]);
});

test('a socket is used where the system has them, and TCP asks for the password', async () => {
  await using server = await startEmbedded({ dataDir: await newFolder() });
  const tcp = new URL(server.url);
  tcp.search = '';

  expect(await query(server.url, 'select inet_server_addr()')).toEqual([
    process.platform === 'win32' ? '127.0.0.1' : null,
  ]);
  expect(await query(tcp.href, 'select 1')).toEqual([1]);
  tcp.password = 'wrong';
  await expect(query(tcp.href, 'select 1')).rejects.toThrow('password authentication failed');
});

test('stopping leaves no process and no mark, and can be asked for twice', async () => {
  const dataDir = await newFolder();
  const server = await startEmbedded({ dataDir });
  const pid = await postmasterPid(server);

  await Promise.all([server.stop(), server.stop()]);

  expect(isRunning(pid)).toBe(false);
  expect((await readdir(dataDir)).sort()).toEqual(['embedded.json', 'postgres', 'postgres.log', 'postgres.password']);
});

test('a restart finds the data, at the same address', async () => {
  const dataDir = await newFolder();
  const first = await startEmbedded({ dataDir });
  await write(first.url, 'before');
  await first.stop();

  await using second = await startEmbedded({ dataDir });

  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'select value from kept')).toEqual(['before']);
});

test('after kill -9 of Stratum the next start ends the server it left and finds what was committed', async () => {
  const dataDir = await newFolder();
  const child = await embeddedChild(dataDir);
  const orphan = await postmasterPid({ dataDir });
  await write(child.answer.replace('ready ', ''), 'committed');
  await child.end();
  expect(isRunning(orphan)).toBe(true);
  const lines: string[] = [];

  await using server = await startEmbedded({ dataDir, log: (line) => lines.push(line) });

  expect(await query(server.url, 'select value from kept')).toEqual(['committed']);
  expect(await postmasterPid(server)).not.toBe(orphan);
  expect(lines).toEqual([expect.stringContaining(`pid ${orphan}`)]);
});

test('after kill -9 of everything the next start recovers, though the old pids belong to other programs now', async () => {
  const dataDir = await newFolder();
  const child = await embeddedChild(dataDir);
  await write(child.answer.replace('ready ', ''), 'committed');
  const pidFile = join(dataDir, 'postgres/postmaster.pid');
  const left = await readFile(pidFile, 'utf8');
  await child.end();
  process.kill(Number.parseInt(left, 10), 'SIGKILL');
  // The parent of this process is alive, is no server of this folder and not this process either.
  await writeFile(pidFile, left.replace(/^\d+/, String(process.ppid)));
  await writeFile(
    join(dataDir, 'owner.json'),
    JSON.stringify({ pid: process.ppid, started: 'before the last restart' }),
  );

  await using server = await startEmbedded({ dataDir });

  expect(await query(server.url, 'select value from kept')).toEqual(['committed']);
});

test('a second process is told who uses the folder, and the first goes on', async () => {
  const dataDir = await newFolder();
  await using server = await startEmbedded({ dataDir });

  const second = await embeddedChild(dataDir);
  await second.end();

  expect(second.answer).toContain(`refused another Stratum (pid ${process.pid}) is using`);
  await expect(startEmbedded({ dataDir })).rejects.toThrow(`another Stratum (pid ${process.pid})`);
  expect(await query(server.url, 'select 1')).toEqual([1]);
});

test('of several that start at once on a folder that a killed one left, one gets it', async () => {
  const dataDir = await newFolder();
  await (await embeddedChild(dataDir)).end();

  const children = await Promise.all(Array.from({ length: 4 }, () => embeddedChild(dataDir)));
  await Promise.all(children.map((child) => child.end('SIGTERM')));

  expect(children.map(({ answer }) => answer.split(' ')[0]).sort()).toEqual(['ready', 'refused', 'refused', 'refused']);
});

test('a server that dies under us is started again at the same address', async () => {
  const lines: string[] = [];
  await using server = await startEmbedded({ dataDir: await newFolder(), log: (line) => lines.push(line) });
  await write(server.url, 'committed');

  process.kill(await postmasterPid(server), 'SIGKILL');

  expect(await eventually(() => query(server.url, 'select value from kept'))).toEqual(['committed']);
  expect(lines[0]).toBe('PostgreSQL ended unexpectedly: starting it again');
});

test('a port that somebody else took is given up for another', async () => {
  const dataDir = await newFolder();
  const first = await startEmbedded({ dataDir });
  await first.stop();
  const { port } = new URL(first.url);
  const other = createServer().listen(Number(port), '127.0.0.1');
  const lines: string[] = [];

  await using second = await startEmbedded({ dataDir, log: (line) => lines.push(line) });
  other.close();

  expect(new URL(second.url).port).not.toBe(port);
  expect(lines).toEqual([expect.stringContaining(`port ${port} was taken`)]);
  expect(await query(second.url, 'select 1')).toEqual([1]);
});

test('a data folder with a long name, commas and spaces works, its socket elsewhere', async () => {
  const folder = await newFolder();
  await chmod(folder, 0o711);
  const dataDir = join(folder, 'a long, "strange" näme '.repeat(6).trim());
  let server: EmbeddedServer | undefined = await startEmbedded({ dataDir });
  const socketFolder = new URL(server.url).searchParams.get('host') ?? '';

  expect(await query(server.url, 'select 1')).toEqual([1]);
  expect(socketFolder.length).toBeLessThan(90);
  expect((await stat(socketFolder)).mode & 0o777).toBe(0o700);
  await server.stop();
  server = undefined;
  await expect(stat(socketFolder)).rejects.toThrow('ENOENT');
});

test('nobody but its owner may read what a data folder keeps secret', async () => {
  const dataDir = await newFolder();
  await using server = await startEmbedded({ dataDir });
  const modes = ['postgres', 'postgres.password', 'postgres.log'].map(
    async (name) => (await stat(join(dataDir, name))).mode,
  );

  expect((await Promise.all(modes)).map((mode) => (mode & 0o077).toString(8))).toEqual(['0', '0', '0']);
  expect(await readFile(join(server.dataDir, 'postgres.log'), 'utf8')).not.toMatch(/scram|password/i);
});

test("a folder that PostgreSQL's account can't enter keeps its database outside, and every start finds it", async () => {
  const closed = await newFolder();
  const dataDir = join(closed, '.stratum');
  await mkdir(dataDir);
  await chmod(closed, 0o700);
  const isRoot = process.getuid?.() === 0;

  const first = await startEmbedded({ dataDir });
  if (isRoot) {
    folders.push(first.dataDir);
  }
  await write(first.url, 'outside');
  await first.stop();
  await using second = await startEmbedded({ dataDir });

  expect(dirname(second.dataDir)).toBe(isRoot ? '/var/lib/stratum' : closed);
  expect(await query(second.url, 'select value from kept')).toEqual(['outside']);
});

test('a database outside that is gone is reported, and never quietly replaced by an empty one', async () => {
  const dataDir = await newFolder();
  await writeFile(join(dataDir, 'embedded.json'), JSON.stringify({ place: '/var/lib/stratum/gone' }));
  await expect(startEmbedded({ dataDir })).rejects.toThrow('lies in /var/lib/stratum/gone, which is gone');
  expect(await readdir(dataDir)).toEqual(['embedded.json']);
});

test('a data folder of another version of PostgreSQL is refused with its own words', async () => {
  const dataDir = await newFolder();
  await (await startEmbedded({ dataDir })).stop();
  await writeFile(join(dataDir, 'postgres/PG_VERSION'), '15\n');

  await expect(startEmbedded({ dataDir })).rejects.toThrow(/initialized by PostgreSQL version 15/);
  expect(await readdir(dataDir)).not.toContain('owner.json');
});

async function eventually<Value>(attempt: () => Promise<Value>): Promise<Value> {
  for (let left = 200; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) {
        throw error;
      }
      await sleep(50);
    }
  }
}
