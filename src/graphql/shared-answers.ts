import { createSourceEventStream, type DocumentNode, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga';
import type { FollowedEvent } from '../domain/ledger/follow.ts';
import { hasRow } from './followed.ts';

type Answer = Promise<ExecutionResult>;

/** What is shown beside an event is of the moment in which it is passed on: who takes it this much later is answered anew. */
const sharedForMs = 250;

/**
 * Carries out subscriptions, and answers all who ask the same of one event with one answer: the same document and variables, asked by the same
 * caller. Many copies of one program follow the same tree; what they cost beyond the first is to be told.
 */
export const shareAnswers: Plugin = {
  onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
};

async function subscribe(args: ExecutionArgs): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
  const items = await createSourceEventStream(args);
  if (!isAsyncIterable(items)) {
    return items;
  }
  const asked = JSON.stringify([args.operationName, args.variableValues]);
  const answer = async (item: unknown): Answer => execute({ ...args, rootValue: item });
  return mapAsyncIterator(items, (item) =>
    hasRow(item) ? sharedAnswer(args.document, asked, item, () => answer(item)) : answer(item),
  );
}

interface Given {
  readonly answer: Answer;
  readonly at: number;
}

type Answers = Map<string, Given>;

/**
 * By the row of the event, which is one object for all who are told of it as it comes, and by the document, which is one for as long as its text is
 * remembered. What was asked of an event is forgotten with it.
 */
const given = new WeakMap<FollowedEvent['row'], WeakMap<DocumentNode, Answers>>();

function sharedAnswer(
  document: DocumentNode,
  asked: string,
  { row, call }: FollowedEvent,
  answer: () => Answer,
): Answer {
  const ofRow = given.get(row) ?? new WeakMap<DocumentNode, Answers>();
  given.set(row, ofRow);
  const answers = ofRow.get(document) ?? new Map<string, Given>();
  ofRow.set(document, answers);
  const name = `${asked} ${JSON.stringify(call.principal)}`;
  const known = answers.get(name);
  const now = performance.now();
  if (known !== undefined && now - known.at < sharedForMs) {
    return known.answer;
  }
  const made = { answer: answer(), at: now };
  answers.set(name, made);
  return made.answer;
}
