/** A compose file that runs the image on a single VM. */
import { Document, Scalar, type YAMLMap } from 'yaml';
import type { ImagePlan } from '../plan.ts';

export interface ComposeOptions {
  /** Name of the image, as docker knows it. */
  readonly image: string;
  readonly memoryMiB: number;
  /** Processors, in parts too. */
  readonly cpus: number;
}

/** First line: by it a later run knows its own file. */
export const COMPOSE_MARKER = '# Written by `loadline build --compose`, which replaces it when run again.';

/** 5 s in which it still serves, up to 10 s for the requests it has by then, and 5 s to spare. */
const STOP_GRACE = '20s';

/**
 * compose.yaml for `docker compose` and for docker-compose 1.29: limits, restarts, no rights beyond those the server
 * needs. The health check is the image's own.
 */
export function renderCompose(plan: ImagePlan, options: ComposeOptions): string {
  const { image, memoryMiB, cpus } = options;
  const { ports } = plan.config;
  const document = new Document({
    services: {
      model: {
        image,
        ports: ports.map((port) => quoted(`${port}:${port}`)),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: compose's own variables
        environment: { LOADLINE_API_KEYS: quoted('${LOADLINE_API_KEYS:-}') },
        restart: 'unless-stopped',
        mem_limit: `${memoryMiB}m`,
        cpus,
        stop_grace_period: STOP_GRACE,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      },
    },
  });
  document.commentBefore = `${COMPOSE_MARKER.slice(1)}

   docker compose up -d        start, and start again after a reboot
   docker compose ps           is it running and healthy
   docker compose logs -f      what it says
   docker compose down         stop; requests in flight are finished first`;
  const service = document.getIn(['services', 'model']) as YAMLMap<Scalar<string>>;
  for (const pair of service.items) {
    const comment = COMMENTS[pair.key.value];
    if (comment !== undefined) {
      pair.key.commentBefore = comment;
      pair.key.spaceBefore = pair !== service.items[0];
    }
  }
  return document.toString({ lineWidth: 0 });
}

/** As everyone writes ports: YAML 1.1 may read two numbers and a colon as one number of base 60. */
function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

const COMMENTS: Readonly<Record<string, string>> = {
  image: ' It brings its own health check, which asks /readyz; `docker compose ps` shows what it found.',
  ports: ' Port of the VM : port of the container. With "127.0.0.1:5000:5000" only the VM itself gets in.',
  environment:
    ' Keys that clients must send, such as web:some-long-key, from your shell or a file named .env beside this one.\n Empty: everyone who reaches the port may ask.',
  restart: ' Comes back after a crash and a reboot, not after you stopped it.',
  mem_limit: ' The most that it may take. `loadline test` shows how much the model needs.',
  stop_grace_period: ' Time to finish the requests in flight before it is ended.',
  read_only: ' The server writes no files and needs no rights: whoever breaks in finds neither.',
  logging: ' The log may not fill the disk.',
};
