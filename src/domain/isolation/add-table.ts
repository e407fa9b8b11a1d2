import { setTimeout as sleep } from 'node:timers/promises';
import { isLockUnavailable } from '../../db/errors.ts';
import { install } from './install.ts';
import { columnName } from './names.ts';
import type { Query } from './setting.ts';
import { missingSteps, type Step, type Wanted } from './steps.ts';
import { findTable, type TableState } from './tables.ts';

/** How many blocks of 8 KiB are filled by one statement. */
const blocksAtOnce = 500;
const patience = { lockTimeoutMs: 1_000, tries: 60, pauseMs: 500 };
const installLock = 7_270_736_901;

/**
 * Isolates a table: does what is missing, step by step, so that it can be stopped at any moment and repeated.
 * @param query Runs on one connection, as the owner of the table and of Stratum's tables.
 * @throws When it can't be isolated, rows of it are nobody's and `assign` doesn't say whose they become, or it has policies that let others in.
 */
export async function addTable(
  query: Query,
  table: string,
  wanted: Wanted,
  log: (line: string) => void = () => {},
): Promise<void> {
  await prepare(query);
  const state = await findTable(query, table);
  for (const step of missingSteps(state, wanted)) {
    log(step.what);
    await perform(query, state, step);
  }
  const { scope } = await findTable(query, table);
  if (scope !== wanted.scope) {
    throw new Error(`${state.name} has other policies that let somebody through: drop them, or make them restrictive`);
  }
}

/** Statements that `addTable` would run now. Nothing is changed. */
export async function plannedSteps(query: Query, table: string, wanted: Wanted): Promise<Step[]> {
  const statements = install(await tenantsTable(query));
  const first: Step = { what: 'prepare the database, once for all tables', statements, how: 'quietly' };
  return [first, ...missingSteps(await findTable(query, table), wanted)];
}

/** The id of a tenant that is named by its id or its slug. @throws When there is none. */
export async function findTenantId(query: Query, name: string): Promise<string> {
  const [tenant] = await query<{ id: string }>('select id from tenants where id::text = lower($1) or slug = $1', [
    name,
  ]);
  if (tenant === undefined) {
    throw new Error(`there is no tenant ${name}`);
  }
  return tenant.id;
}

/** Makes what all isolated tables share, or brings it up to date. */
async function prepare(query: Query): Promise<void> {
  const statements = install(await tenantsTable(query));
  await transaction(query, [`select pg_advisory_xact_lock(${installLock})`, ...statements]);
}

async function tenantsTable(query: Query): Promise<string> {
  const [row] = await query<{ name: string }>(`
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass('tenants')`);
  if (row === undefined) {
    throw new Error('the database holds no Stratum: run "stratum migrate" first');
  }
  return row.name;
}

async function perform(query: Query, { name }: TableState, { statements, how }: Step): Promise<void> {
  const oneByOne = async (run: (statement: string) => Promise<unknown>) => {
    for (const statement of statements) {
      await run(statement);
    }
  };
  switch (how) {
    case 'shortly':
      return patiently(() => transaction(query, statements, patience.lockTimeoutMs));
    case 'quietly':
      return transaction(query, statements);
    case 'alone':
      return oneByOne((statement) => query(statement));
    case 'in blocks':
      return oneByOne((statement) => inBlocks(query, name, statement));
    case 'must find none':
      return oneByOne(async (statement) => assertNone(name, await query(statement)));
  }
}

function assertNone(name: string, found: readonly object[]): void {
  if (found.length > 0) {
    const advice = `say whose they become with --assign <tenant>, or set their ${columnName} by SQL, and repeat`;
    throw new Error(`there are rows in ${name} that are nobody's: ${advice}`);
  }
}

/** Each row is locked for the time of its block alone, and each block is passed once. */
async function inBlocks(query: Query, name: string, update: string): Promise<void> {
  const [size] = await query<{ blocks: number }>(
    `select (pg_relation_size($1::regclass) / current_setting('block_size')::int)::int as blocks`,
    [name],
  );
  for (let from = 0; from <= (size?.blocks ?? 0); from += blocksAtOnce) {
    await query(`${update} and ctid >= '(${from},0)' and ctid < '(${from + blocksAtOnce},0)'`);
  }
}

/** Who waits for a lock on a table makes all others wait behind; so we wait shortly, let them pass, and come back. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isLockUnavailable(error) || attempt === patience.tries) {
        throw error;
      }
      await sleep(patience.pauseMs);
    }
  }
}

async function transaction(query: Query, statements: readonly string[], lockTimeoutMs = 0): Promise<void> {
  await query('begin');
  try {
    await query(`set local lock_timeout = ${lockTimeoutMs}`);
    for (const statement of statements) {
      await query(statement);
    }
    await query('commit');
  } catch (error) {
    await query('rollback').catch(() => {}); // the error that led here says more
    throw error;
  }
}
