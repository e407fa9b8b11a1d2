import { spawn } from 'node:child_process';

/** `npm run check`: everything that can be known without running the tests. Prints one line per check, and the output of those that fail. */
const checks: Readonly<Record<string, string>> = {
  types: 'tsc',
  lint: 'biome check --error-on-warnings',
  'unused code': 'knip',
  'schema.graphql and operations': 'graphql-codegen --config codegen.ts --errors-only --check',
  'docs/configuration.md': 'node scripts/print-configuration.ts --check',
  'migrations equal schema.prisma': 'node scripts/check-migrations.ts',
  // It packs, and so builds.
  package: 'attw --pack --profile esm-only --exclude-entrypoints schema.graphql && publint --strict --pack=false',
};

/** Two at once: a small machine is busy, but not thrashing. */
const atOnce = 2;

const queue = Object.entries(checks);
const results = await Promise.all(Array.from({ length: atOnce }, drain));
process.exitCode = results.every(Boolean) ? 0 : 1;

async function drain(): Promise<boolean> {
  let good = true;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    good = (await run(...next)) && good;
  }
  return good;
}

async function run(name: string, command: string): Promise<boolean> {
  const started = performance.now();
  const { code, output } = await outputOf(command);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (code !== 0) {
    console.log(`$ ${command}\n${output.trim()}\n`);
  }
  return code === 0;
}

function outputOf(command: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject).on('close', (code) => resolve({ code, output }));
  });
}
