import { readConfig } from '../../src/config.ts';
import { openWorker } from '../../src/start/worker.ts';
import type { Worker } from '../../src/workers/worker.ts';
import { type Created, GraphqlWorld, type Json } from './graphql-world.ts';

/** A server that may call this machine, with a worker beside it that a test can stop and start. */
export class WebhookWorld {
  readonly world: GraphqlWorld;
  /** What the worker has to complain of. */
  readonly complaints: string[] = [];
  readonly #settings: Readonly<Record<string, string>>;
  #worker: Worker | null = null;

  private constructor(world: GraphqlWorld, settings: Readonly<Record<string, string>>) {
    this.world = world;
    this.#settings = settings;
  }

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<WebhookWorld> {
    const all = { STRATUM_ALLOW_PRIVATE_WEBHOOKS: 'on', STRATUM_WEBHOOK_TIMEOUT: '2s', ...settings };
    return new WebhookWorld(await GraphqlWorld.open({ settings: all }), all);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopWorker();
    await this.world[Symbol.asyncDispose]();
  }

  startWorker(): void {
    this.#worker = this.openWorker();
  }

  /** Another worker, which is stopped by whoever opened it. */
  openWorker(): Worker {
    const { app } = this.world;
    return openWorker({
      config: readConfig(this.#settings),
      services: app.services,
      log: (level, message, details) => {
        if (level === 'error' || level === 'warning') {
          this.complaints.push(`${message} ${JSON.stringify(details)}`);
        }
      },
    });
  }

  async stopWorker(): Promise<void> {
    await this.#worker?.stop();
    this.#worker = null;
  }

  /** A new webhook, with its secret. */
  async webhook(input: Readonly<Record<string, unknown>>): Promise<{ id: string; secret: string }> {
    const { createWebhook } = await this.world.data(
      'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { secret webhook { id } } }',
      { input: { events: ['config.updated'], ...input } },
    );
    return { id: createWebhook.webhook.id, secret: createWebhook.secret };
  }

  /** The deliveries of a webhook with their tries, newest first. */
  async deliveries({ id }: Pick<Created, 'id'>): Promise<Json[]> {
    const { webhook } = await this.world.data(
      `query ($id: ID!) { webhook(id: $id) { active disabledReason deliveries(first: 100) { nodes {
        id status attempts nextAttemptAt lastError responseCode completedAt tries { number responseCode responseBody error durationMs }
      } } } }`,
      { id },
    );
    return webhook.deliveries.nodes;
  }
}
