import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../scripts/demo/main.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { type Listening, listen } from '../support/listening.ts';

let server: Listening;
beforeAll(async () => {
  server = await listen();
});
afterAll(() => server.close());

async function demo(...argv: string[]) {
  const streams = captureStreams();
  const code = await main(['--url', server.url, ...argv], {}, streams);
  return { code, out: streams.out(), err: streams.err() };
}

async function countEvents(): Promise<number | undefined> {
  const [row] = await server.query<{ count: number }>('select count(*)::int as count from events');
  return row?.count;
}

test('the quick start shows the tree with what applies to each tenant and where it comes from', async () => {
  const { code, out, err } = await demo();

  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^├─ NorthStar MSP|^└─ NorthStar MSP/m);
  expect(out).toMatch(/^ {3}├─ Blue Harbor Dental/m);
  expect(out).toMatch(/^ {3}└─ Kestrel Logistics/m);
  expect(out).toMatch(/max_users +1000 +own$/m);
  expect(out).toMatch(/max_users +500 +own$/m);
  expect(out.match(/max_users +500 +from NorthStar MSP$/gm)).toHaveLength(2);
  expect(out.match(/theme +"midnight" +from AcmeSec +locked$/gm)).toHaveLength(3);
  expect(out.match(/manage_users +true +from AcmeSec +LOCKED, CASCADE$/gm)).toHaveLength(3);
});

test('what must be refused is shown as refused, and nobody sees the secret', async () => {
  const { out } = await demo();

  expect(out).toMatch(/✗ config theme = "seaside" at Blue Harbor Dental\n.*CONFIG_LOCKED/);
  expect(out).toMatch(
    /✗ permission manage_users = false, INHERITED, CASCADE at Kestrel Logistics\n.*PERMISSION_LOCKED/,
  );
  expect(out).toMatch(/smtp_password +•+ +from NorthStar MSP +sensitive/);
  expect(out).not.toContain('battery');
});

test('it explains one value', async () => {
  const { out } = await demo();

  expect(out).toMatch(
    /Why is max_users 500 at Blue Harbor Dental\?\n +AcmeSec +1000 +overridden further down\n +NorthStar MSP +500 +decided\n/,
  );
});

test('playing it again changes nothing and shows the same tree', async () => {
  const first = await demo();
  const before = await countEvents();

  const second = await demo();

  const treeOf = (out: string): string => out.slice(out.indexOf('The tree'));
  expect(second.code).toBe(0);
  expect(second.out).not.toContain('✓');
  expect(treeOf(second.out)).toBe(treeOf(first.out));
  expect(await countEvents()).toBe(before);
});

test('colours and control characters are for terminals only', async () => {
  expect((await demo()).out).not.toContain('\u001B');
});

test('a server that does not run is a sentence, and so is a wrong key', async () => {
  const nowhere = await demo('--url', 'http://127.0.0.1:1');
  const stranger = await demo('--api-key', 'sk_test_stranger');

  expect(nowhere).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^Nothing answers at http:\/\/127\.0\.0\.1:1 \(.+\)\. Start Stratum/),
  });
  expect(nowhere.err.trim().split('\n')).toHaveLength(1);
  expect(stranger).toMatchObject({ code: 1, err: expect.stringMatching(/^UNAUTHORIZED: /) });
});

test.each([
  ['an unknown option', ['--imprt', 'x.csv']],
  ['an option without its value', ['--import']],
  ['a root that is no slug', ['--import', 'x.csv', '--root', 'Big Corp']],
  ['an address that is none', ['--url', 'localhost:3001']],
  ['a root without an import', ['--root', 'acme']],
])('%s is misuse: exit code 2', async (_, argv) => {
  const { code, out, err } = await demo(...argv);

  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('error: ');
});
