import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { schemaDifference, withSchemaEngine } from '../../scripts/migrations/schema-engine.ts';
import { migrate, migrationsFolder } from '../../src/db/migrate.ts';
import { readMigrations } from '../../src/db/migrations.ts';
import { emptyDatabase } from '../support/template-database.ts';

const cleanup: (() => Promise<void>)[] = [];

afterAll(async () => {
  await Promise.all(cleanup.map((undo) => undo()));
});

async function scratch(): Promise<string> {
  const { url, drop } = await emptyDatabase();
  cleanup.push(drop);
  return url;
}

async function folderOf(migrations: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-migrations-'));
  cleanup.push(() => rm(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'migration.sql'), sql);
  }
  return folder;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const quiet = () => {};

test('an empty database gets every migration once, and nothing the second time', async () => {
  const url = await scratch();
  const names = (await readMigrations(migrationsFolder)).map(({ name }) => name);
  const lines: string[] = [];

  expect(await migrate(url, (line) => lines.push(line))).toEqual(names);
  expect(await migrate(url)).toEqual([]);

  expect(lines).toEqual(names.map((name) => `applied migration ${name}`));
});

test('the migrations make what the Prisma schema says', async () => {
  const url = await scratch();
  await migrate(url);
  expect(await schemaDifference(url)).toBeNull();
});

test('Prisma finds nothing left to apply, and agrees with every checksum', async () => {
  const url = await scratch();
  await migrate(url);
  const migrations = await readMigrations(migrationsFolder);
  const filters = { externalTables: [], externalEnums: [] };
  const migrationsList = {
    baseDir: migrationsFolder,
    lockfile: { path: 'migration_lock.toml', content: null },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: sql } },
    })),
  };

  const history = await withSchemaEngine(url, (engine) =>
    engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters }),
  );

  expect(history).toMatchObject({
    editedMigrationNames: [],
    failedMigrationNames: [],
    hasMigrationsTable: true,
    history: null,
  });
});

test('two processes at once on an empty database: each migration runs once, and both come up', async () => {
  const url = await scratch();
  const slow = 'create table once (n int); insert into once values (1); select pg_sleep(0.3)';
  const folder = await folderOf({ '1_first': slow, '2_second': 'insert into once values (2)' });
  const script = `
    import { migrate } from ${JSON.stringify(join(import.meta.dirname, '../../src/db/migrate.ts'))};
    console.log(JSON.stringify(await migrate(process.argv[1], () => {}, process.argv[2])));`;
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, url, folder]);

  const outputs = await Promise.all([run(), run(), run()]);

  expect(outputs.flatMap(({ stdout }) => JSON.parse(stdout)).sort()).toEqual(['1_first', '2_second']);
  expect(await query(url, 'select n from once order by n')).toEqual([{ n: 1 }, { n: 2 }]);
});

test('a migration that fails leaves nothing of itself, keeps those before it, and says where', async () => {
  const url = await scratch();
  const broken = 'create table half (n int);\ninsert into half values (1);\ncreate table whole (n nonsense);\n';
  const folder = await folderOf({ '1_good': 'create table good (n int)', '2_broken': broken, '3_later': 'select 1' });

  await expect(migrate(url, quiet, folder)).rejects.toThrow(
    'migration 2_broken failed and was undone: type "nonsense" does not exist (line 3)',
  );

  expect(await query(url, "select to_regclass('good') is null as good, to_regclass('half') is null as half")).toEqual([
    { good: false, half: true },
  ]);
  expect(await query(url, 'select migration_name from _prisma_migrations')).toEqual([{ migration_name: '1_good' }]);
});

test('a failed migration that was mended is applied by the next start', async () => {
  const url = await scratch();
  await expect(migrate(url, quiet, await folderOf({ '1_only': 'create tabel x ()' }))).rejects.toThrow('1_only');

  expect(await migrate(url, quiet, await folderOf({ '1_only': 'create table x ()' }))).toEqual(['1_only']);
});

test('a migration that commits by itself is refused: half of it could stay', async () => {
  const url = await scratch();
  const folder = await folderOf({ '1_commits': 'create table x (); commit; create table y ()' });

  await expect(migrate(url, quiet, folder)).rejects.toThrow('migration 1_commits ends its own transaction');
});

test('an applied migration that was changed on disk is an error that names it, and nothing new is applied', async () => {
  const url = await scratch();
  const folder = await folderOf({ '1_first': 'create table first ()' });
  await migrate(url, quiet, folder);
  await writeFile(join(folder, '1_first', 'migration.sql'), 'create table other ()');
  await mkdir(join(folder, '2_second'));
  await writeFile(join(folder, '2_second', 'migration.sql'), 'create table second ()');

  await expect(migrate(url, quiet, folder)).rejects.toThrow(/migration 1_first was changed after it had been applied/);
  expect(await query(url, "select to_regclass('second') as second")).toEqual([{ second: null }]);
});

test('line ends that git changed are no change', async () => {
  const url = await scratch();
  await migrate(url, quiet, await folderOf({ '1_first': 'select 1;\nselect 2;\n' }));
  expect(await migrate(url, quiet, await folderOf({ '1_first': 'select 1;\r\nselect 2;\r\n' }))).toEqual([]);
});

test('a migration that another tool left unfinished stops the start, until it is settled', async () => {
  const url = await scratch();
  const folder = await folderOf({ '1_first': 'create table first ()' });
  await migrate(url, quiet, await folderOf({}));
  const insert = `insert into _prisma_migrations (id, checksum, migration_name) values ('a', 'b', '1_first')`;
  await query(url, insert);

  await expect(migrate(url, quiet, folder)).rejects.toThrow(/1_first was begun by another tool and never finished/);
  await query(url, 'update _prisma_migrations set rolled_back_at = now()');
  expect(await migrate(url, quiet, folder)).toEqual(['1_first']);
});

test('a database that a newer version has migrated is still served', async () => {
  const url = await scratch();
  await migrate(url, quiet, await folderOf({ '1_first': 'select 1', '2_newer': 'select 2' }));
  expect(await migrate(url, quiet, await folderOf({ '1_first': 'select 1' }))).toEqual([]);
});

test('the recorded checksum is the SHA-256 of the file', async () => {
  const url = await scratch();
  await migrate(url);
  const [first] = await readMigrations(migrationsFolder);
  const checksum = createHash('sha256')
    .update(await readFile(first!.file))
    .digest('hex');
  const sql =
    'select checksum, applied_steps_count, logs, rolled_back_at from _prisma_migrations order by started_at limit 1';
  expect(await query(url, sql)).toEqual([{ checksum, applied_steps_count: 1, logs: null, rolled_back_at: null }]);
});

test('a database that cuts off its connections as soon as it is migrated ends no process', async () => {
  const url = await scratch();
  await migrate(url);
  const killer = new pg.Client({ connectionString: url });
  await killer.connect();
  const others = 'datname = current_database() and pid <> pg_backend_pid()';

  for (let round = 0; round < 20; round++) {
    await migrate(url);
    await killer.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`);
  }

  // A connection that nobody listens to would have thrown by now, into the test run.
  await killer.end();
});
