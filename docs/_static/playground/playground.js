// The form of the playground. Everything that it shows is set as text.
const SECONDS = 20;
const form = document.querySelector("#playground-form");
const result = document.querySelector("#playground-result");
let worker = null;
let timer = null;

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text ?? "";
  if (className) made.className = className;
  return made;
}

function show(...children) {
  result.replaceChildren(...children);
  result.dataset.state = "done";
}

function step(number, each) {
  const part = element("div", "", "playground-step");
  part.append(
    element("h4", `${number}. The browser sends a ${each.name}`),
    element("pre", each.request.join("\n")),
    element("h4", "The server answers"),
    element("pre", each.response.join("\n")),
  );
  return part;
}

function list(title, items) {
  if (!items.length) return [];
  const made = element("ul");
  for (const item of items) made.append(typeof item === "string" ? element("li", item) : item);
  return [element("h3", title), made];
}

function finding(each) {
  const item = element("li");
  const link = element("a", each.id);
  link.href = `audit.html#${each.id.toLowerCase()}`;
  const example = each.example ? ` For example: ${each.example}.` : "";
  item.append(link, ` ${each.severity}: ${each.detail}.${example} ${each.consequence} ${each.remedy}`);
  return item;
}

function answer(data) {
  clearTimeout(timer);
  if (data.ready) return;
  form.querySelector("button").disabled = false;
  if (data.error) {
    show(element("p", data.error, "playground-blocked"));
    return;
  }
  const children = data.allowed
    ? [element("p", "Allowed: the page gets the response.", "playground-allowed")]
    : [element("p", `Blocked. ${data.message}`, "playground-blocked")];
  if (data.section) {
    const link = element("a", "What this sentence means");
    link.href = `blocked.html#${data.section}`;
    children.push(link);
  }
  children.push(...list("What to change", data.remedies), ...list("Note", data.notes));
  data.steps.forEach((each, index) => children.push(step(index + 1, each)));
  children.push(...list("What the audit finds", data.findings.map(finding)));
  show(...children);
}

function start() {
  worker = new Worker(new URL("worker.js", form.dataset.base));
  worker.onmessage = (event) => answer(event.data);
  worker.onerror = (event) => answer({ error: `Python cannot be loaded: ${event.message}` });
}

function ask() {
  const fields = new FormData(form);
  const question = Object.fromEntries(["arguments", "origin", "method", "path", "headers"].map((name) => [name, fields.get(name)]));
  question.credentials = fields.has("credentials");
  result.dataset.state = "working";
  const isNew = worker === null;
  result.replaceChildren(element("p", isNew ? "Loading Python, about 10 MB. This takes a few seconds." : "Checking."));
  form.querySelector("button").disabled = true;
  if (isNew) start();
  // An expression of the reader can take very long: the worker is stopped, and the page stays usable.
  timer = setTimeout(() => {
    worker.terminate();
    worker = null;
    answer({ error: `There was no answer after ${isNew ? 3 * SECONDS : SECONDS} seconds. Does an expression take exponential time?` });
  }, (isNew ? 3 : 1) * SECONDS * 1000);
  worker.postMessage(question);
}

form.dataset.base = document.currentScript.src;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
