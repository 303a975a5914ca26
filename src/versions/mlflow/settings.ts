/** Where the MLflow server is and how one comes in: the environment variables of MLflow's own client. */
import { readFileSync } from 'node:fs';
import type { AgentOptions } from 'node:https';
import { getCACertificates } from 'node:tls';
import { LoadlineError } from '../../errors.ts';
import { shownUri, unescaped } from '../../net/shown-uri.ts';

export interface MlflowSettings {
  /** Of the server, without credentials and without a slash at its end. */
  readonly url: string;
  /** The Authorization header; null without credentials. */
  readonly authorization: string | null;
  /** Who asks, for messages: `as user "ada"`. */
  readonly account: string;
  readonly tls: Pick<AgentOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>;
  /** Longest silence. */
  readonly idleMs: number;
}

/** The tutorial's. */
const DEFAULT_URI = 'http://127.0.0.1:5001';
/** MLflow's own patience is 120 s; a server that follows an alias has to know sooner. */
const IDLE_MS = 15_000;

/** Throws LL1005 for a variable that cannot be used. */
export function readMlflowSettings(env: Readonly<Record<string, string | undefined>>): MlflowSettings {
  const uri = env.MLFLOW_TRACKING_URI || DEFAULT_URI;
  const url = parseUri(uri);
  const user = env.MLFLOW_TRACKING_USERNAME || unescaped(url.username);
  const password = env.MLFLOW_TRACKING_PASSWORD || unescaped(url.password);
  const token = env.MLFLOW_TRACKING_TOKEN;
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    // As MLflow's client: a user with a password comes before a token.
    ...(user && password
      ? {
          authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
          account: `as user "${user}"`,
        }
      : token
        ? { authorization: `Bearer ${token}`, account: 'with the token of MLFLOW_TRACKING_TOKEN' }
        : { authorization: null, account: 'without credentials' }),
    tls: readTls(env),
    idleMs: readTimeout(env.MLFLOW_HTTP_REQUEST_TIMEOUT),
  };
}

function parseUri(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) {
    return url;
  }
  // What MLflow's client opens itself, from a path or a database: here a server has to stand before it.
  const isDatabase = /^(?:sqlite|postgresql|mysql|mssql)\b/.test(uri);
  const backend = isDatabase || /^(?:file:|[./~\\]|\w+$)/.test(uri) ? uri : null;
  throw new LoadlineError(
    'LL1005',
    `Cannot use the MLFLOW_TRACKING_URI ${JSON.stringify(withoutPassword(uri))}: expected the http:// or https:// address of an MLflow server`,
    {
      where: 'MLFLOW_TRACKING_URI',
      fix:
        backend === null || backend.startsWith('databricks')
          ? 'Set it to the address of the server, as in http://127.0.0.1:5001.'
          : `Start a server on it, mlflow server --backend-store-uri ${withoutPassword(backend)} --port 5001, and set MLFLOW_TRACKING_URI=http://127.0.0.1:5001.`,
    },
  );
}

/** Somebody may have left out what comes before the credentials. */
function withoutPassword(uri: string): string {
  return uri.includes('//') ? shownUri(uri) : uri.replace(/.*@/, '***@');
}

function readTls(env: Readonly<Record<string, string | undefined>>): MlflowSettings['tls'] {
  const insecure = isTrue(env.MLFLOW_TRACKING_INSECURE_TLS);
  const authority = env.MLFLOW_TRACKING_SERVER_CERT_PATH;
  if (insecure && authority) {
    throw new LoadlineError(
      'LL1005',
      'Cannot use MLFLOW_TRACKING_INSECURE_TLS with MLFLOW_TRACKING_SERVER_CERT_PATH: a certificate is either checked or not',
      { where: 'MLFLOW_TRACKING_INSECURE_TLS', fix: 'Set one of them only.' },
    );
  }
  const own = env.MLFLOW_TRACKING_CLIENT_CERT_PATH;
  const client = own ? readPem('MLFLOW_TRACKING_CLIENT_CERT_PATH', own) : null;
  return {
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(authority
      ? { ca: [...getCACertificates('default'), readPem('MLFLOW_TRACKING_SERVER_CERT_PATH', authority)] }
      : {}),
    // One file with both, as the client of MLflow wants it.
    ...(client === null ? {} : { cert: client, key: client }),
  };
}

function readPem(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LoadlineError('LL1005', `Cannot read ${path} of ${variable}: ${(cause as Error).message}`, {
      where: variable,
      cause,
    });
  }
}

function readTimeout(value: string | undefined): number {
  if (!value) {
    return IDLE_MS;
  }
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 3600)) {
    throw new LoadlineError(
      'LL1005',
      `Cannot use MLFLOW_HTTP_REQUEST_TIMEOUT ${JSON.stringify(value)}: expected seconds above 0 and at most 3600`,
      { where: 'MLFLOW_HTTP_REQUEST_TIMEOUT' },
    );
  }
  return seconds * 1000;
}

/** As MLflow reads booleans. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['true', '1'].includes(value.toLowerCase());
}
