import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A bash that stays open, so that what one block defines is there for the next. */
export interface Shell extends AsyncDisposable {
  /** Runs a block and gives what it printed; fails when its last command did. */
  run(code: string): Promise<string>;
}

const marker = '--- end of block ';

export function openShell(env: NodeJS.ProcessEnv): Shell {
  const child = spawn('bash', [], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stderr.resume();
  return {
    async run(code) {
      child.stdin.write(`{ ${code}\n} 2>&1 </dev/null; printf '\\n%s%s\\n' '${marker}' $?\n`);
      const output: string[] = [];
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
        if (next.value.startsWith(marker)) {
          return succeeded(output.join('\n').trim(), next.value.slice(marker.length));
        }
        output.push(next.value);
      }
      throw new Error(`the shell ended: ${output.join('\n')}`);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await closed;
    },
  };
}

function succeeded(output: string, status: string): string {
  if (status !== '0') {
    throw new Error(`exit status ${status}: ${output}`);
  }
  return output;
}
