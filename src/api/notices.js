// Says on the pages of MLflow's UI what flowkeep does not have yet. The UI itself shows nothing where a button of its was
// refused, and an empty list where there can be no other. flowkeep marks such answers: status 501, or the header below.
(() => {
  "use strict";
  const MARK = "Flowkeep-Not-Built";
  const SECONDS = 20;

  // What the answers are about, by the part of the address that follows `/ajax-api/2.0/mlflow/`.
  const THINGS = [
    [/^(traces|get-(online-)?trace)/, "traces"],
    [/^datasets/, "evaluation datasets"],
    [/^review-queues/, "review queues"],
    [/^label-schemas/, "questions for reviewers"],
    [/^(scorers|scorer)\b/, "judges"],
    [/^(issues|genai)\b/, "evaluations that are started here"],
    [/^demo/, "the demo"],
    [/^gateway/, "the AI gateway"],
    [/^mcp-servers/, "the MCP registry"],
    [/^assistant/, "the assistant"],
    [/^jobs/, "jobs"],
    [/^workspaces/, "workspaces"],
    [/./, "what this takes"],
  ];

  // Which pages are empty for want of what.
  const PAGES = [
    ["traces", /\/(traces|chat-sessions|evaluations|overview)(\/|\?|$)|\/evaluation-runs\?.*selectedRunUuid=/],
    ["evaluation datasets", /\/datasets(\?|$)/],
    ["judges", /\/judges(\?|$)/],
    ["review queues", /\/review-queue/],
    ["the AI gateway", /^#\/(gateway|settings\/llm-connections)/],
    ["the MCP registry", /^#\/mcp-registry/],
  ];

  const LISTS = /\/(search|list|metrics|mcp-servers)(\?|$)/;
  // What the UI asks for by itself as soon as its page opens.
  const ASKED_BY_PAGES = /\/review-queues\/get-or-create-user$/;

  const missing = new Set();
  let board;

  const thing = (address) => {
    const [, path] = new URL(address, location.href).pathname.match(/\/ajax-api\/[^/]*\/mlflow\/(.+)/) ?? [];
    return path && THINGS.find(([pattern]) => pattern.test(path))?.[1];
  };

  const notice = (text) => {
    const line = document.createElement("div");
    line.dataset.text = text;
    line.style.cssText =
      "display:flex;gap:12px;justify-content:space-between;align-items:center;padding:10px 14px;border-radius:6px;background:#1f272d;color:#fff;" +
      "font:14px/1.4 system-ui,sans-serif;box-shadow:0 2px 10px rgba(0,0,0,.35);pointer-events:auto";
    const close = document.createElement("button");
    close.textContent = "×";
    close.setAttribute("aria-label", "Close this notice");
    close.style.cssText = "border:0;background:none;color:inherit;font-size:18px;cursor:pointer";
    close.onclick = () => line.remove();
    line.append(text, close);
    if (!board?.isConnected) {
      board = document.createElement("div");
      board.id = "flowkeep-notices";
      board.setAttribute("role", "status");
      board.style.cssText =
        "position:fixed;bottom:16px;left:50%;transform:translateX(-50%);z-index:2147483647;display:flex;" +
        "flex-direction:column;gap:8px;max-width:min(760px,90vw);pointer-events:none";
      document.body.append(board);
    }
    for (const other of [...board.children]) if (other.dataset.text === text) other.remove();
    board.append(line);
    return line;
  };

  // What a page lacks stays for as long as the page is open.
  let shown;
  const describePage = () => {
    const lacks = PAGES.filter(([name, page]) => missing.has(name) && page.test(location.hash)).map(([name]) => name);
    const text = lacks.length ? `flowkeep does not have ${lacks.join(" or ")} yet: there is nothing to see here.` : undefined;
    const place = `${location.hash} ${text}`;
    if (shown?.place === place) return;
    shown?.line?.remove();
    shown = { place, line: text && notice(text) };
  };

  const listen = (reply) => {
    const about = thing(reply.url);
    if (!about) return;
    if (reply.headers.has(MARK) || ASKED_BY_PAGES.test(reply.url)) {
      missing.add(about);
      describePage();
    } else if (reply.status === 501) {
      const text = LISTS.test(reply.url)
        ? `MLflow has stored ${about} in this database. flowkeep cannot show them yet.`
        : `Nothing was done: flowkeep does not have ${about} yet.`;
      const line = notice(text);
      setTimeout(() => line.remove(), SECONDS * 1000);
    }
  };

  const ask = window.fetch;
  window.fetch = async (...request) => {
    const reply = await ask.apply(window, request);
    try {
      listen(reply);
    } catch (error) {
      console.warn(error);
    }
    return reply;
  };
  for (const change of ["pushState", "replaceState"]) {
    const original = history[change];
    history[change] = function (...state) {
      original.apply(this, state);
      describePage();
    };
  }
  for (const event of ["popstate", "hashchange"]) addEventListener(event, describePage);
})();
