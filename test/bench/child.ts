import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

type Message = object | string;

/** Another process that answers questions, one at a time. */
export interface Child<Question, Answer> extends AsyncDisposable {
  ask(question: Question): Promise<Answer>;
}

/** Starts a file of this folder as a process of its own, so that it doesn't compete with this one for its thread. */
export function startChild<Question extends Message, Answer>(file: string): Child<Question, Answer> {
  const child = fork(join(import.meta.dirname, file), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // What is said of its memory is said of what it needs.
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  const ended = once(child, 'exit');
  return {
    ask: (question) => ask<Answer>(child, question),
    [Symbol.asyncDispose]: async () => {
      if (child.connected) {
        child.disconnect();
      }
      await ended;
    },
  };
}

async function ask<Answer>(child: ChildProcess, question: Message): Promise<Answer> {
  const answered = new Promise<Answer>((resolve, reject) => {
    const onExit = () => reject(new Error(`${child.spawnargs.at(-1)} ended without an answer`));
    child.once('exit', onExit);
    child.once('message', (answer) => {
      child.off('exit', onExit);
      resolve(answer as Answer); // both sides are in this folder and import the same types
    });
  });
  child.send(question);
  return answered;
}

/** The other side: answers what the parent asks, and ends with it. What fails ends the process, with the error on its screen. */
export function answerParent<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  process.on('message', async (question) => {
    process.send?.(await answer(question as Question)); // both sides are in this folder and import the same types
  });
  process.once('disconnect', () => process.exit());
}
