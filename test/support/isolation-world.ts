import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Stratum, type StratumOptions } from '../../src/index.ts';
import { runCli } from './cli.ts';
import { secrets } from './rest-app.ts';
import { cloneDatabase } from './template-database.ts';

/** A shop on the database of its Stratum: tenants, and a login that serves them. */
export interface IsolationWorld extends AsyncDisposable {
  readonly stratum: Stratum;
  readonly url: string;
  readonly tenantUrl: string;
  readonly login: string;
  /** As the owner of everything. */
  readonly owner: pg.Pool;
  /** As the program connects that serves tenants. */
  readonly tenantPool: pg.Pool;
  /** `a` has `child` below it; `b` is another tree. */
  readonly tenants: Readonly<Record<'a' | 'child' | 'b', string>>;
  /** Runs `stratum isolate`; gives what it prints, or fails with what it says. */
  isolate(...argv: string[]): Promise<string>;
}

/** With this many connections for tenants at most. */
export async function openIsolation(options: StratumOptions & { max?: number } = {}): Promise<IsolationWorld> {
  const { max = 2, ...more } = options;
  const { url, drop } = await cloneDatabase();
  const login = `shop_${randomBytes(5).toString('hex')}`;
  const owner = new pg.Pool({ connectionString: url, max: 3 }).on('error', () => {});
  const isolate = async (...argv: string[]) => {
    const { code, out, err } = await runCli(['isolate', ...argv], { env: { DATABASE_URL: url } });
    if (code !== 0) {
      throw new Error(`${out}${err}`);
    }
    return out.trimEnd();
  };
  await owner.query('create table first (id int generated always as identity primary key, item text)');
  await isolate('add', 'first');
  await owner.query(`create role ${login} login password 'shop' in role stratum_tenant`);
  const tenantUrl = Object.assign(new URL(url), { username: login, password: 'shop' }).href;
  const tenantPool = new pg.Pool({ connectionString: tenantUrl, max }).on('error', () => {});
  const stratum = new Stratum({ pool: owner, tenantPool, ...secrets, ...more });
  const create = async (slug: string, parent_id?: string) =>
    (await stratum.createTenant({ name: slug, slug, ...(parent_id && { parent_id }) })).id;
  return {
    stratum,
    url,
    tenantUrl,
    login,
    owner,
    tenantPool,
    tenants: await (async () => {
      const a = await create('a');
      return { a, child: await create('child', a), b: await create('b') };
    })(),
    isolate,
    [Symbol.asyncDispose]: async () => {
      await stratum.close();
      await tenantPool.end();
      await owner.query(`drop owned by ${login}`);
      await owner.query(`drop role ${login}`);
      await owner.end();
      await drop();
    },
  };
}
