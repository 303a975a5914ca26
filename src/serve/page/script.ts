/** Script of the page at `/`: sends the form, draws the answer, keeps the code to paste in step with the fields. */
export const PAGE_SCRIPT = `
'use strict';
const setup = JSON.parse(document.body.dataset.setup);
const form = document.getElementById('form');
const answer = document.getElementById('answer');
const took = document.getElementById('took');
const code = document.getElementById('code');
const tabs = [...document.querySelectorAll('[role=tab]')];
let language = 'curl';

if (setup.fields) {
  const values = setup.named ? setup.example : Object.fromEntries(setup.example.map((v, i) => ['x' + i, v]));
  for (const field of form.querySelectorAll('input, select')) {
    const value = values[field.name];
    field.value = field.tagName === 'SELECT' ? JSON.stringify(value) : String(value ?? '');
  }
}

function valueOf(field) {
  if (field.tagName === 'SELECT') return JSON.parse(field.value);
  if (field.value.trim() === '') return null;
  return field.type === 'number' ? Number(field.value) : field.value;
}

function row() {
  if (!setup.fields) return JSON.parse(form.elements.json.value);
  const fields = [...form.querySelectorAll('input, select')];
  return setup.named ? Object.fromEntries(fields.map((f) => [f.name, valueOf(f)])) : fields.map(valueOf);
}

function request() {
  return setup.proba ? { features: row(), probabilities: true } : { features: row() };
}

function snippet() {
  const url = location.origin + '/predict';
  let body;
  try { body = JSON.stringify({ features: row() }); } catch { return 'The row is not valid JSON.'; }
  if (language === 'python') {
    return 'import requests\\n\\nanswer = requests.post(\\n    "' + url + '",\\n    data=r"""' + body + '""",\\n    headers={"Content-Type": "application/json"},\\n)\\nprint(answer.json()["prediction"])';
  }
  if (language === 'javascript') {
    return 'const answer = await fetch("' + url + '", {\\n  method: "POST",\\n  headers: { "content-type": "application/json" },\\n  body: JSON.stringify(' + body + '),\\n});\\nconsole.log((await answer.json()).prediction);';
  }
  return "curl -s " + url + " -d '" + body.replaceAll("'", "'\\\\''") + "'";
}

function draw() { code.textContent = snippet(); }

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className !== undefined) node.className = className;
  return node;
}

function show(result) {
  answer.replaceChildren();
  const value = result.prediction.length === 1 ? result.prediction[0] : result.prediction;
  answer.append(element('output', typeof value === 'number' ? value.toLocaleString(undefined, { maximumFractionDigits: 6 }) : typeof value === 'string' ? value : JSON.stringify(value)));
  if (result.probabilities && result.classes.every((c) => !Array.isArray(c))) {
    const table = element('table');
    result.probabilities[0].map((p, i) => [p, result.classes[i]]).sort((a, b) => b[0] - a[0]).slice(0, 20).forEach(([p, label]) => {
      const line = element('tr');
      line.append(element('th', String(label)), element('td', (100 * p).toFixed(2) + ' %'));
      const cell = element('td');
      const meter = element('meter');
      meter.value = p;
      meter.setAttribute('aria-label', 'probability of ' + label);
      cell.append(meter);
      line.append(cell);
      table.append(line);
    });
    answer.append(table);
  }
}

function fail(text, fix) {
  answer.replaceChildren(element('p', text, 'error'));
  if (fix) answer.append(element('p', fix));
}

form.addEventListener('input', draw);
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  let body;
  try { body = JSON.stringify(request()); } catch { fail('The row is not valid JSON.'); return; }
  const start = performance.now();
  try {
    const response = await fetch('/predict', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const result = await response.json();
    took.textContent = (performance.now() - start).toFixed(1) + ' ms';
    if (response.ok) show(result); else fail(result.detail || result.title, result.fix);
  } catch (error) {
    fail('The server did not answer: ' + error.message);
  }
});
for (const tab of tabs) {
  tab.addEventListener('click', () => {
    language = tab.dataset.language;
    for (const other of tabs) other.setAttribute('aria-selected', String(other === tab));
    code.setAttribute('aria-labelledby', tab.id);
    draw();
  });
}
document.getElementById('copy').addEventListener('click', async (event) => {
  await navigator.clipboard.writeText(code.textContent);
  event.target.textContent = 'Copied';
  setTimeout(() => { event.target.textContent = 'Copy'; }, 1500);
});
draw();
`;
