import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** Another process that has started an embedded server, or was refused. */
export interface EmbeddedChild {
  readonly pid: number;
  /** What it printed: `ready <url>` or `refused <why>`. */
  readonly answer: string;
  /** Ends it, by default as rudely as can be, and waits for its end. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

const script = `
  import { startEmbedded } from ${JSON.stringify(join(import.meta.dirname, '../../src/db/embedded.ts'))};
  try {
    const server = await startEmbedded({ dataDir: process.argv[1] });
    process.on('SIGTERM', () => server.stop().then(() => process.exit(0)));
    setInterval(() => {}, 60_000);
    console.log('ready', server.url);
  } catch (error) {
    console.log('refused', error.message);
  }`;

export async function embeddedChild(dataDir: string): Promise<EmbeddedChild> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal);
    await closed;
  };
  return { pid: child.pid ?? 0, answer: await firstLine(child), end };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) {
      break;
    }
  }
  return text.trim();
}
