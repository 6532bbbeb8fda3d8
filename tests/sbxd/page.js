// SPDX-License-Identifier: MIT
// page.js PAGE URL [TOKEN]: runs the script of the page in a document that has
// no more than the page uses, asks the daemon at URL, and prints what a person
// would see, as JSON. Whoever makes markup of text meets an error.
"use strict";
const fs = require("fs");
const [page, url, token] = process.argv.slice(2);
const text = fs.readFileSync(page, "utf8");

class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], listeners: {}, value: "",
      className: "", hidden: false, own: "" });
  }
  get textContent() {
    return this.own + this.children.map((each) => each.textContent).join("|");
  }
  set textContent(value) {
    if (typeof value !== "string") throw new Error("textContent");
    this.own = value;
    this.children = [];
  }
  append(...more) { this.children.push(...more); }
  replaceChildren(...more) { this.own = ""; this.children = more; }
  addEventListener(name, what) { this.listeners[name] = what; }
}
for (const name of ["innerHTML", "outerHTML"])
  Object.defineProperty(Element.prototype, name,
    { set() { throw new Error(name); }, get() { throw new Error(name); } });

const elements = {};
for (const [, id] of text.matchAll(/ id="(\w+)"/g))
  elements[id] = new Element(id);
const asked = [];
const world = {
  document: { hidden: false, createElement: (tag) => new Element(tag),
    getElementById: (id) => elements[id] },
  setTimeout() { world.turns += 1; }, turns: 0,
  fetch(path, options) {
    asked.push({ path, authorized: "Authorization" in options.headers });
    return fetch(new URL(path, url), options);
  },
};
const script = text.split("<script>")[1].split("</script>")[0];
const names = Object.keys(world);
new Function(...names, script)(...names.map((name) =>
  name === "setTimeout" ? () => world.setTimeout() : world[name]));

async function until(true_) {
  for (let i = 0; !true_(); i++) {
    if (i > 600) throw new Error("it did not come: "
      + elements.state.textContent);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

(async () => {
  const first = () => world.turns > 0 || !elements.login.hidden
    || /token/.test(elements.state.textContent);
  elements.login.hidden = true;
  await until(first);
  const before = elements.state.textContent;
  if (token) {
    elements.token.value = token;
    elements.login.listeners.submit({ preventDefault() {} });
    await until(() => world.turns > 0
      || elements.state.textContent.startsWith("this is no"));
  }
  const seen = Object.fromEntries(Object.entries(elements).map(
    ([id, element]) => [id, element.textContent]));
  const tags = new Set();
  const walk = (each) => { tags.add(each.tag); each.children.forEach(walk); };
  Object.values(elements).forEach((each) => each.children.forEach(walk));
  console.log(JSON.stringify({ before, seen, asked, tags: [...tags].sort(),
    left: elements.token.value, locked: !elements.login.hidden }));
})();
