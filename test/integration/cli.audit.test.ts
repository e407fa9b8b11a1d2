import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { createClient, ImportTenantsDocument } from '../../src/client/index.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { type Listening, listen } from '../support/listening.ts';
import { emptyDatabase } from '../support/template-database.ts';

let server: Listening;
let ledgers = 0;
/** A tree of five tenants: its ledger has an event for each. */
let tree: string;

beforeAll(async () => {
  server = await listen();
});
afterAll(() => server.close());

beforeEach(async () => {
  ledgers += 1;
  const root = `root_${ledgers}`;
  const tenants = [0, 1, 2, 3].map((child) => ({ name: `Child ${child}`, slug: `${root}_${child}`, parentSlug: root }));
  const client = createClient(server);
  const created = await client.mutate(ImportTenantsDocument, { tenants: [{ name: root, slug: root }, ...tenants] });
  tree = created.createTenants![0]!.id;
});

async function verify(...argv: string[]) {
  const streams = captureStreams();
  const code = await main(['audit', 'verify', ...argv], { DATABASE_URL: server.databaseUrl }, streams);
  return { code, out: streams.out(), err: streams.err() };
}

/** What only somebody with the database in their hands can do. */
async function tamper(sql: string): Promise<void> {
  await server.query('alter table events disable trigger user');
  await server.query(sql, [tree]);
  await server.query('alter table events enable trigger user');
}

test('an intact ledger is reported as such, with the number of its events', async () => {
  const { code, out, err } = await verify('--ledger', tree);

  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toBe(`ok    ${tree}: 5 events\n1 ledger, 5 events, no faults\n`);
});

test.each([
  ['changed', 3, 'update events set after = after || \'{"name":"Mallory"}\' where ledger_id = $1 and revision = 3'],
  ['missing', 2, 'delete from events where ledger_id = $1 and revision = 2'],
])('an event that was %s is named, and the exit code is 1', async (kind, revision, sql) => {
  await tamper(sql);

  const { code, out } = await verify('--ledger', tree);

  expect(code).toBe(1);
  expect(out).toMatch(new RegExp(`^FAULT ${tree}: \\d events\\n`));
  expect(out).toMatch(new RegExp(`^ +event ${revision} ${kind}: `, 'm'));
});

test('all ledgers are examined, and one fault does not hide the others', async () => {
  await tamper("update events set actor_id = 'nobody' where ledger_id = $1 and revision = 5");

  const { code, out } = await verify('--json');

  const { intact, ledgers: reports } = JSON.parse(out);
  expect({ code, intact }).toEqual({ code: 1, intact: false });
  expect(reports.length).toBeGreaterThanOrEqual(ledgers);
  expect(reports.find(({ ledgerId }: { ledgerId: string }) => ledgerId === tree)).toMatchObject({
    faults: [{ revision: 5, kind: 'changed' }],
  });
});

test('a ledger that does not exist is an error, not an intact ledger', async () => {
  const { code, out, err } = await verify('--ledger', '01990000-0000-7000-8000-000000000000');

  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^stratum: there is no ledger 01990000/);
});

test('a database that was never migrated is a sentence that says what to do', async () => {
  const empty = await emptyDatabase();
  const streams = captureStreams();
  const code = await main(['audit', 'verify'], { DATABASE_URL: empty.url }, streams);
  await empty.drop();

  expect({ code, out: streams.out() }).toEqual({ code: 1, out: '' });
  expect(streams.err()).toMatch(/^stratum: the database holds no Stratum.*"stratum migrate"/);
});
