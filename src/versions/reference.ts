/** How a person names a model: a file, a URI of MLflow, a version in the embedded store, a file tracked by DVC. */
import { LoadlineError } from '../errors.ts';
import { shownUri } from '../net/shown-uri.ts';

/** Which version of a registered model. */
export type VersionPick =
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'alias'; readonly alias: string }
  | { readonly kind: 'latest' }
  /** MLflow's older way: `models:/house-price/Production`. */
  | { readonly kind: 'stage'; readonly stage: string };

export type ModelReference =
  /** A model file or a folder with an MLmodel; `file:` URIs too. */
  | { readonly kind: 'file'; readonly path: string }
  /** `models:/NAME@ALIAS`, `models:/NAME/3`, `models:/NAME/latest`, `models:/NAME/Production`: at MLFLOW_TRACKING_URI. */
  | { readonly kind: 'mlflow'; readonly name: string; readonly pick: VersionPick }
  /** `models:/m-…`: a logged model of MLflow 3. */
  | { readonly kind: 'logged-model'; readonly modelId: string }
  /** `runs:/RUN_ID/PATH`. */
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  /** `mlflow-artifacts:/PATH`, with a host or without. */
  | { readonly kind: 'artifacts'; readonly uri: string }
  /** `NAME@ALIAS`, `NAME/3`, `NAME/latest` where no file of that name is there. */
  | { readonly kind: 'store'; readonly name: string; readonly pick: VersionPick }
  /** `model.pkl.dvc`, or a path that DVC tracks and that is not in the work tree. */
  | { readonly kind: 'dvc'; readonly path: string };

export interface ReferenceContext {
  /** Whether a file or a folder is there, relative to where the person is. */
  readonly exists: (path: string) => boolean;
}

const FORMS =
  'models:/NAME@ALIAS, models:/NAME/3, models:/NAME/latest, models:/NAME/Production or models:/m-… of a logged model';
const LOGGED_MODEL = /^m-[0-9a-f]{32}$/;
/** MLflow gives runs 32 digits; servers that speak its protocol may not. */
const RUN_ID = /^[\w-]{1,256}$/;
/** What MLflow allows (mlflow 3.17 utils/validation.py); letters of any script are word characters to it. */
const ALIAS = /^[\p{L}\p{N}_-]{1,255}$/u;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/?/i;
const SCHEMES = ['models', 'runs', 'mlflow-artifacts', 'file'];

/**
 * Reads a reference. A file that is there comes first, whatever its name looks like; what looks like nothing else is a
 * file too, for its reader to miss.
 *
 * @throws LoadlineError LL7016 saying what is wrong and what forms there are
 */
export function parseReference(text: string, context: ReferenceContext): ModelReference {
  if (text === '') {
    throw invalid(text, 'it is empty', 'a file, models:/NAME@ALIAS, runs:/RUN/PATH or NAME@ALIAS');
  }
  if (context.exists(text)) {
    return { kind: text.endsWith('.dvc') ? 'dvc' : 'file', path: text };
  }
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  const rest = text.slice(`${scheme}:`.length);
  switch (scheme) {
    case 'models':
      return parseModels(text, rest);
    case 'runs':
      return parseRun(text, rest);
    case 'mlflow-artifacts':
      return parseArtifacts(text, rest);
    case 'file':
      return { kind: 'file', path: parseFile(text) };
    default:
      // A letter and a colon are a drive, and a colon later on may be part of a name.
      if (scheme !== undefined && scheme.length > 1 && text.includes(':/')) {
        throw invalid(
          text,
          `it begins with "${scheme}:"`,
          `one of ${SCHEMES.map((one) => `${one}:`).join(', ')} or a file`,
        );
      }
      return parseBare(text, context);
  }
}

function parseModels(text: string, rest: string): ModelReference {
  if (rest.startsWith('//')) {
    throw invalid(text, 'it names another registry than the one of MLFLOW_TRACKING_URI', FORMS);
  }
  const path = decoded(text, stripped(rest));
  if (path === '') {
    throw invalid(text, 'the name is missing', FORMS);
  }
  const slash = path.indexOf('/');
  if (slash < 0 && LOGGED_MODEL.test(path)) {
    return { kind: 'logged-model', modelId: path };
  }
  const at = path.lastIndexOf('@');
  if (slash < 0 && at < 0) {
    throw invalid(text, 'it names no version', FORMS);
  }
  if (at >= 0 && slash >= 0) {
    throw invalid(text, 'it has both "@" and "/"', FORMS);
  }
  const name = path.slice(0, Math.max(slash, at));
  const picked = path.slice(Math.max(slash, at) + 1);
  if (name.trim() === '' || name.includes(':')) {
    throw invalid(text, `the name is "${name}"`, FORMS);
  }
  if (picked.includes('/')) {
    throw invalid(text, `"${picked}" is no version`, FORMS);
  }
  return { kind: 'mlflow', name, pick: at >= 0 ? aliasOf(text, picked) : pickOf(text, picked) };
}

function aliasOf(text: string, alias: string): VersionPick {
  if (!ALIAS.test(alias)) {
    throw invalid(text, `"${alias}" is no alias`, 'letters, digits, _ and -');
  }
  return { kind: 'alias', alias };
}

function pickOf(text: string, picked: string): VersionPick {
  if (/^\d+$/.test(picked)) {
    return { kind: 'version', version: String(BigInt(picked)) };
  }
  if (picked.toLowerCase() === 'latest') {
    return { kind: 'latest' };
  }
  if (!/^[\p{L}\p{N}_ -]+$/u.test(picked)) {
    throw invalid(text, `"${picked}" is no version`, FORMS);
  }
  return { kind: 'stage', stage: picked };
}

function parseRun(text: string, rest: string): ModelReference {
  const forms = 'runs:/RUN_ID/PATH, as in runs:/0a1b2c3d/model';
  const [runId = '', ...parts] = decoded(text, stripped(rest)).split('/');
  if (rest.startsWith('//') || !RUN_ID.test(runId)) {
    throw invalid(text, `"${runId}" is no run`, forms);
  }
  const path = parts.filter((part) => part !== '').join('/');
  if (path === '') {
    throw invalid(text, 'the path of the model in the run is missing', forms);
  }
  if (leaves(path)) {
    throw invalid(text, `"${path}" leaves the run`, forms);
  }
  return { kind: 'run', runId, path };
}

function parseArtifacts(text: string, rest: string): ModelReference {
  const forms = 'mlflow-artifacts:/PATH or mlflow-artifacts://HOST:PORT/PATH';
  const [, host, path = ''] = /^(?:\/\/([^/]*))?\/*(.*)$/.exec(rest) ?? [];
  if (path === '') {
    throw invalid(text, 'the path is missing', forms);
  }
  if (host?.includes('@')) {
    // They would go into messages, logs and the names of versions.
    throw invalid(text, 'it has credentials in it', 'MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD');
  }
  if (leaves(decoded(text, path))) {
    throw invalid(text, `"${path}" leaves the artifacts`, forms);
  }
  return {
    kind: 'artifacts',
    uri: `mlflow-artifacts:${host ? `//${host}` : ''}/${path.replace(/\/+$/, '')}`,
  };
}

function parseFile(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.host !== '' && url.host !== 'localhost')) {
    throw invalid(text, 'it names another machine', 'file:///PATH of this machine');
  }
  // `file:model.pkl` is relative to a person and absolute to URL.
  const path = decoded(text, /^file:(?!\/)/i.test(text) ? text.slice('file:'.length) : url.pathname);
  if (path.includes('\0')) {
    throw invalid(text, 'it has a NUL character', 'file:///PATH of this machine');
  }
  return path;
}

/** What is neither a URI nor there: tracked by DVC, in the store, or a file that is missing (or in a dvc.lock). */
function parseBare(text: string, { exists }: ReferenceContext): ModelReference {
  if (exists(`${text}.dvc`)) {
    return { kind: 'dvc', path: text };
  }
  const [, name = '', mark, picked = ''] = /^([^/@:\\]+)([/@])([^/@:\\]+)$/.exec(text) ?? [];
  // `.` and `..` are folders, and a name that is only spaces is none.
  if (/^[.\s]*$/.test(name)) {
    return { kind: 'file', path: text };
  }
  if (mark === '@' && ALIAS.test(picked)) {
    return { kind: 'store', name, pick: { kind: 'alias', alias: picked } };
  }
  if (mark === '/' && (/^\d+$/.test(picked) || picked.toLowerCase() === 'latest')) {
    return { kind: 'store', name, pick: pickOf(text, picked) };
  }
  return { kind: 'file', path: text };
}

function stripped(rest: string): string {
  return rest.replace(/^\/+|\/+$/g, '');
}

function leaves(path: string): boolean {
  return (
    path.includes('\\') ||
    path.includes('\0') ||
    path.split('/').some((part) => part === '..' || part === '.')
  );
}

/** With the %-escapes of a URI resolved; a name that merely has a % in it stays as it is. */
function decoded(text: string, part: string): string {
  let decodedPart: string;
  try {
    decodedPart = decodeURIComponent(part);
  } catch {
    return part;
  }
  if (/\p{Cc}/u.test(decodedPart)) {
    throw invalid(text, 'it has a control character', 'a name without');
  }
  return decodedPart;
}

function invalid(text: string, found: string, wanted: string): LoadlineError {
  return new LoadlineError(
    'LL7016',
    `Cannot read the reference ${JSON.stringify(shownUri(text))}: ${found}, expected ${wanted}`,
    {
      where: shownUri(text),
    },
  );
}

/** As a person would write it. */
export function formatReference(reference: ModelReference): string {
  switch (reference.kind) {
    case 'file':
    case 'dvc':
      return reference.path;
    case 'mlflow':
      return `models:/${formatPick(reference.name, reference.pick)}`;
    case 'store':
      return formatPick(reference.name, reference.pick);
    case 'logged-model':
      return `models:/${reference.modelId}`;
    case 'run':
      return `runs:/${reference.runId}/${reference.path}`;
    case 'artifacts':
      return reference.uri;
  }
}

function formatPick(name: string, pick: VersionPick): string {
  switch (pick.kind) {
    case 'alias':
      return `${name}@${pick.alias}`;
    case 'version':
      return `${name}/${pick.version}`;
    case 'latest':
      return `${name}/latest`;
    case 'stage':
      return `${name}/${pick.stage}`;
  }
}
