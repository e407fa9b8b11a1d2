import { randomUUID } from 'node:crypto';
import { canaryOf, columnName, scopes } from './names.ts';
import { enterStatement, type Query, settingOf } from './setting.ts';
import type { TableState } from './tables.ts';

/**
 * Plays two tenants that don't exist, in a transaction that has been begun and is to be rolled back: none may see what the other has written, nobody
 * may see anything without a setting or with one made elsewhere, and none may find rows in the tables of the product.
 * @param query Runs as the login that serves tenants.
 * @returns What went otherwise, a sentence each.
 */
export async function playCanary(query: Query, key: Uint8Array, tables: readonly TableState[]): Promise<string[]> {
  const [a, b] = [randomUUID(), randomUUID()];
  const enter = (setting: string) => query(enterStatement, [setting]);
  const sees = async (table: string) => (await query(`select from ${table} limit 1`)).length > 0;
  const problems: string[] = [];
  const expect = (holds: boolean, otherwise: string) => problems.push(...(holds ? [] : [otherwise]));
  // A search for a tenant that has no rows must not read a big table to its end.
  await query('set local enable_seqscan = off');
  for (const canary of scopes.map(canaryOf)) {
    await enter(settingOf(a, key));
    await query(`insert into ${canary} default values`);
    expect(await sees(canary), `a tenant does not see its own row in ${canary}`);
    await enter(settingOf(b, key));
    expect(!(await sees(canary)), `a tenant sees the row of another in ${canary}`);
    await enter('');
    expect(!(await sees(canary)), `a session without a tenant sees a row in ${canary}`);
  }
  await enter(settingOf(randomUUID(), key));
  for (const { name } of tables) {
    expect(!(await sees(name)), `a tenant that does not exist sees rows in ${name}`);
  }
  await enter(settingOf(a, new Uint8Array(key.length)));
  expect(
    await isRefused(query, `select ${columnName} from ${canaryOf('exact')}`),
    'a setting that anyone could make is taken',
  );
  return problems;
}

async function isRefused(query: Query, statement: string): Promise<boolean> {
  await query('savepoint forged');
  const refused = await query(statement).then(
    () => false,
    () => true,
  );
  await query('rollback to savepoint forged');
  return refused;
}
