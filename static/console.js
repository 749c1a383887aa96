// Live refresh: when the service has something newer, the page is asked again and its middle replaced.
"use strict";

const refresh = async () => {
  // Not while somebody has selected text, is on a link by keyboard, or looks elsewhere.
  if (document.hidden || String(getSelection()) || document.querySelector("main :focus-visible")) return;
  // Nor while a form has been filled in and not sent.
  if (document.querySelector("main form[data-touched]")) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const open = [...document.querySelectorAll("details")].map((d) => d.open);
  for (const part of ["main", "status"]) {
    const [old, young] = [document.getElementById(part), fresh.getElementById(part)];
    if (!old || !young) return;
    if (old.innerHTML !== young.innerHTML) old.replaceChildren(...young.childNodes);
  }
  document.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? d.open; });
  wire();
};

document.addEventListener("input", (event) => event.target.form?.setAttribute("data-touched", ""));

const wire = () => {
  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.onclick = () => window.print();
  }
};

// A page in the background lets go of its connection: a browser grants one service only six.
let source = null;
let heard = false;

const listen = () => {
  if (source || document.hidden) return;
  source = new EventSource("/live");
  let first = !heard;
  source.addEventListener("snapshot", () => {
    document.getElementById("lost")?.remove();
    if (!first) refresh().catch(() => {});
    first = false;
    heard = true;
  });
  source.onerror = () => {
    if (document.getElementById("lost")) return;
    const note = document.createElement("p");
    note.id = "lost";
    note.className = "notice";
    note.textContent = document.body.dataset.lost;
    document.getElementById("status").append(note);
  };
};

const rest = () => {
  source?.close();
  source = null;
};

document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
addEventListener("pagehide", rest);
addEventListener("pageshow", listen);
wire();
listen();
