/** The page at `/`: what the model takes, a form to try it, and code to paste. Plain HTML; script and style are files of their own, so that the content policy needs no exception. */
import { exampleRow } from '../../model/example.ts';
import type { Model, NamedFeature } from '../../model/model.ts';

/** Headers of the page and its files: nothing from elsewhere is loaded, and no other site may frame it. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** Features drawn as fields of the form; a wider model gets one JSON field. */
const MOST_FIELDS = 60;

/** The HTML of the page for a model served under `name`. */
export function renderPage(model: Model, name: string): string {
  const { fitted, signature, origin } = model;
  const facts = [
    signature.task,
    origin.sklearn === null ? null : `scikit-learn ${origin.sklearn}`,
    signature.features === null ? `takes ${signature.input}` : `${signature.features.length} features`,
    signature.nOutputs > 1 ? `${signature.nOutputs} outputs` : null,
    signature.classes !== null && signature.nOutputs === 1 ? `${signature.classes[0]?.length} classes` : null,
  ].filter((fact) => fact !== null);
  const setup = {
    example: exampleRow(signature),
    named: signature.named,
    proba: signature.methods.includes('predictProba'),
    fields: asFields(model),
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(name)} · Loadline</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body data-setup="${html(JSON.stringify(setup))}">
<header>
  <h1>${html(name)}</h1>
  <p>${html(fitted.name)} · ${facts.map(html).join(' · ')}</p>
  <p class="small" title="sha256 of the model file">${html(origin.file)} · <code>${html(origin.sha256.slice(0, 16))}…</code></p>
</header>
<main>
<section aria-labelledby="try">
  <h2 id="try">Try it</h2>
  <form id="form">
    ${setup.fields ? signature.features!.map(field).join('\n    ') : jsonField(setup.example)}
    <div class="actions">
      <button type="submit">Predict</button>
      <span id="took" role="status"></span>
    </div>
  </form>
  <div id="answer" aria-live="polite"></div>
</section>
<section aria-labelledby="call">
  <h2 id="call">Call it</h2>
  <div class="tabs" role="tablist" aria-label="Language">
    <button type="button" role="tab" id="tab-curl" aria-controls="code" aria-selected="true" data-language="curl">curl</button>
    <button type="button" role="tab" id="tab-python" aria-controls="code" aria-selected="false" data-language="python">Python</button>
    <button type="button" role="tab" id="tab-javascript" aria-controls="code" aria-selected="false" data-language="javascript">JavaScript</button>
    <button type="button" id="copy">Copy</button>
  </div>
  <pre id="code" role="tabpanel" aria-labelledby="tab-curl" tabindex="0"></pre>
  <h2>Also here</h2>
  <ul>
    <li><a href="/openapi.json">/openapi.json</a>: the API of this model</li>
    <li><a href="/metrics">/metrics</a>: for Prometheus</li>
    <li><a href="/readyz">/readyz</a>, <a href="/healthz">/healthz</a>: probes</li>
    <li><code>/v2/models/${html(name)}/infer</code>, <code>/v1/models/${html(name)}:predict</code>, <code>/invocations</code>: Open Inference Protocol, KServe, MLflow and SageMaker</li>
  </ul>
</section>
<section class="wide" aria-labelledby="signature">
  <h2 id="signature">Signature</h2>
  ${signatureTable(model)}
</section>
</main>
<noscript><p>The form needs JavaScript; the API does not.</p></noscript>
</body>
</html>
`;
}

function asFields(model: Model): boolean {
  const { features } = model.signature;
  return features !== null && features.length <= MOST_FIELDS;
}

function field(feature: NamedFeature): string {
  const name = html(feature.name);
  const categories = feature.categories?.filter((value) => value !== null) ?? [];
  if (feature.kind === 'category' && categories.length > 0 && categories.length <= 200) {
    const missing = feature.missing ? '<option value="null">(missing)</option>' : '';
    const options = categories.map(
      (value) => `<option value="${html(JSON.stringify(value))}">${html(String(value))}</option>`,
    );
    return `<label><span>${name}</span><select name="${name}">${options.join('')}${missing}</select></label>`;
  }
  const type = feature.kind === 'number' ? 'type="number" step="any"' : 'type="text"';
  return `<label><span>${name}</span><input name="${name}" ${type} autocomplete="off"></label>`;
}

function jsonField(example: unknown): string {
  return `<label class="wide"><span>One row as JSON</span><textarea name="json" rows="6" spellcheck="false">${html(JSON.stringify(example))}</textarea></label>`;
}

function signatureTable(model: Model): string {
  const { features, input, classes } = model.signature;
  const rows = (features ?? []).slice(0, 500).map((feature, i) => {
    const known = feature.categories?.map((value) => (value === null ? '(missing)' : String(value))) ?? [];
    const values = `${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}`;
    return `<tr><td>${i}</td><td>${html(feature.name)}</td><td class="kind">${feature.kind}</td><td>${html(values)}</td></tr>`;
  });
  const table =
    features === null
      ? `<p>Each row is ${input === 'texts' ? 'a text' : input === 'records' ? 'an object of names and values' : 'one label'}.</p>`
      : `<table><thead><tr><th scope="col">#</th><th scope="col">feature</th><th scope="col">kind</th><th scope="col">values</th></tr></thead><tbody>${rows.join('')}</tbody></table>${features.length > 500 ? `<p>… and ${features.length - 500} more: see /openapi.json.</p>` : ''}`;
  const lists = (classes ?? []).map(
    (list, i) =>
      `<p>${classes?.length === 1 ? 'Classes' : `Classes of output ${i}`}: ${html(list.slice(0, 50).map(String).join(', '))}${list.length > 50 ? ', …' : ''}</p>`,
  );
  return `${table}${lists.join('')}`;
}

function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
