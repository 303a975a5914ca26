/** Versions of registered models: `model-versions/…`. */
import { own } from '../../bytes/own.ts';
import type { Store, StoredVersion } from '../store/types.ts';
import { uriBelow } from './artifact-uri.ts';
import { invalid } from './errors.ts';
import { type Fields, flag, keyValues, maxResults, requiredText, text, texts } from './fields.ts';
import type { LoggedModels } from './logged-models.ts';
import { checkKey, checkModelName, checkModelTag } from './names.ts';
import { type RegisteredModels, recordOf, refusePrompt, versionEntity } from './registered-models.ts';
import { byOf, type Call, type Routes, some } from './route.ts';
import type { Runs } from './runs.ts';
import { parseFilter } from './search/filter.ts';
import { type Order, parseOrders } from './search/order.ts';
import { pageOf } from './search/page.ts';
import { MODEL_VERSION_RULES } from './search/rules.ts';
import { type Columns, select } from './search/select.ts';
import { originOf } from './source.ts';
import { ACTIVE_STAGES, canonicalStage } from './stages.ts';

const PAGE = 200_000;
const LARGEST_PAGE = 200_000;
const USER = 'mlflow.user';
const BY_UPDATE: Order = { entity: 'attribute', key: 'last_updated_timestamp', ascending: false };
const BY_NAME: Order = { entity: 'attribute', key: 'name', ascending: true };
const BY_NUMBER: Order = { entity: 'attribute', key: 'version_number', ascending: false };

export function modelVersionRoutes(
  { catalog }: Store,
  registeredModels: RegisteredModels,
  runs: Runs,
  loggedModels: LoggedModels,
): Routes {
  function newest(name: string, suffix: string): StoredVersion {
    if (suffix.startsWith('@')) {
      return registeredModels.atAlias(name, suffix.slice(1));
    }
    const found = catalog
      .model(name)
      .versions.find(
        ({ stage }) => suffix.toLowerCase() === 'latest' || stage.toLowerCase() === suffix.toLowerCase(),
      );
    if (found === undefined) {
      throw invalid(`No versions of model with name '${name}' and stage '${suffix}' found`);
    }
    return found;
  }

  function create(fields: Fields, call: Call): object {
    const name = requiredText(fields, 'name');
    const source = requiredText(fields, 'source');
    const claim = { source, runId: text(fields, 'run_id'), modelId: text(fields, 'model_id') };
    const tags = keyValues(fields, 'tags');
    const runLink = text(fields, 'run_link') ?? '';
    const description = text(fields, 'description') ?? '';
    refusePrompt(tags);
    const origin = originOf(claim, { runs, loggedModels, registeredModels, newest });
    checkModelName(name);
    for (const tag of tags) {
      checkModelTag(tag);
    }
    registeredModels.check(name);
    if (origin.artifactPath === null) {
      throw invalid(
        `Invalid model version source: '${source}'. Loadline's model store has only models whose files lie in it: log the model to this server, then register it.`,
      );
    }
    const { runId, modelId } = origin;
    const tagged =
      (modelId ? loggedModels.tag(modelId, USER) : null) ??
      (runId ? runs.tag(runId, USER) : null) ??
      undefined;
    const version = catalog.createVersion({
      name,
      source: origin.source,
      artifactPath: origin.artifactPath,
      runId: runId || null,
      runLink,
      description,
      tags: recordOf(tags),
      by: byOf(call, tagged),
    });
    if (modelId) {
      loggedModels.noteVersion(modelId, name, version.version);
    }
    return { model_version: versionEntity(version, true) };
  }

  function search(fields: Fields): object {
    const clauses = parseFilter(text(fields, 'filter') ?? '', MODEL_VERSION_RULES);
    const size = maxResults(fields, PAGE, LARGEST_PAGE);
    const orders = parseOrders(texts(fields, 'order_by'), MODEL_VERSION_RULES);
    const columns: Columns<StoredVersion> = (entity, key) => {
      if (entity === 'tag') {
        return ({ tags }) => own(tags, key);
      }
      switch (key) {
        case 'version_number':
          return ({ version }) => Number(version);
        case 'run_id':
          return ({ runId }) => runId ?? '';
        case 'source_path':
          return ({ source }) => source;
        case 'creation_timestamp':
          return ({ createdAt }) => createdAt;
        case 'last_updated_timestamp':
          return ({ updatedAt }) => updatedAt;
        default:
          return ({ name }) => name;
      }
    };
    const all = catalog.models().flatMap(({ versions }) => versions);
    const order = orders.length === 0 ? [BY_UPDATE, BY_NAME, BY_NUMBER] : [...orders, BY_NAME, BY_NUMBER];
    const { rows, next } = pageOf(select(all, clauses, order, columns), size, text(fields, 'page_token'));
    return { model_versions: some(rows.map((one) => versionEntity(one, false))), next_page_token: next };
  }

  function transition(fields: Fields, call: Call): object {
    const { name, version } = named(fields);
    const stage = requiredText(fields, 'stage');
    const archives = flag(fields, 'archive_existing_versions');
    const wanted = canonicalStage(stage);
    if (archives && !ACTIVE_STAGES.includes(wanted)) {
      throw invalid(
        `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are ['Staging', 'Production']`,
      );
    }
    const found = registeredModels.version(name, version);
    if (archives) {
      for (const other of catalog.model(name).versions) {
        if (other.stage === wanted && other.version !== found.version) {
          catalog.updateVersion(name, other.version, { stage: 'Archived' }, byOf(call));
        }
      }
    }
    const moved = catalog.updateVersion(name, found.version, { stage: wanted }, byOf(call));
    return { model_version: versionEntity(moved, true) };
  }

  function setTag(fields: Fields, call: Call, value: string | null): object {
    const { name, version } = named(fields);
    const key = requiredText(fields, 'key');
    if (value === null) {
      checkKey(key, 'key');
    } else {
      checkModelTag({ key, value });
    }
    catalog.setTag(name, registeredModels.version(name, version).version, key, value, byOf(call));
    return {};
  }

  return {
    'POST model-versions/create': create,
    'GET model-versions/get': (fields) => {
      const { name, version } = named(fields);
      return { model_version: versionEntity(registeredModels.version(name, version), true) };
    },
    'PATCH model-versions/update': (fields, call) => {
      const { name, version } = named(fields);
      const description = text(fields, 'description') ?? undefined;
      const found = registeredModels.version(name, version);
      const change = description === undefined ? {} : { description };
      const changed = catalog.updateVersion(name, found.version, change, byOf(call));
      return { model_version: versionEntity(changed, true) };
    },
    'DELETE model-versions/delete': (fields, call) => {
      const { name, version } = named(fields);
      const found = registeredModels.version(name, version);
      catalog.deleteVersion(name, found.version, { by: byOf(call), why: '', force: true });
      return {};
    },
    'GET model-versions/search': search,
    'GET model-versions/get-download-uri': (fields) => {
      const { name, version } = named(fields);
      return { artifact_uri: downloadUri(registeredModels.version(name, version)) };
    },
    'POST model-versions/transition-stage': transition,
    'POST model-versions/set-tag': (fields, call) => setTag(fields, call, text(fields, 'value') ?? ''),
    'DELETE model-versions/delete-tag': (fields, call) => setTag(fields, call, null),
  };
}

function named(fields: Fields): { readonly name: string; readonly version: string } {
  return { name: requiredText(fields, 'name'), version: requiredText(fields, 'version') };
}

/** Where clients find its files: always the store itself, also for `models:/…` and `runs:/…`. */
function downloadUri({ artifactPath }: StoredVersion): string {
  return uriBelow('mlflow-artifacts:/', artifactPath);
}
