"use strict";
// Runs before the terminal's own script starts: tells it where to connect, listens with it, and says aloud
// what a screen reader cannot read from a drawn terminal.
(() => {
  const KEPT_MESSAGES = 20;
  const LOST = "The connection was lost. Start again, and sign in.";
  const byId = (id) => document.getElementById(id);
  const terminal = byId("terminal");

  // Whatever stands behind the address is none of the terminal's business.
  history.replaceState(null, "", location.pathname);
  const socket = new URL("ws", document.baseURI);
  socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  terminal.dataset.sessionWebsocketUrl = socket.href;

  const say = {
    focus: (text) => {
      byId("heard-focus").textContent = text;
    },
    message: (text) => {
      const messages = byId("heard-messages");
      const line = document.createElement("p");
      line.textContent = text;
      messages.append(line);
      while (messages.children.length > KEPT_MESSAGES) messages.firstChild.remove();
    },
  };

  const hear = (event) => {
    if (typeof event.data !== "string") return;
    const [kind, said] = JSON.parse(event.data);
    if (kind === "said") (said.kind === "focus" ? say.focus : say.message)(said.text);
  };

  const end = (event) => {
    document.body.classList.add("-closed");
    byId("why").textContent = event.reason || LOST;
    byId("after").hidden = false;
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  byId("again").focus();
  };

  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(url, ...more) {
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      super(zone ? `${url}&zone=${encodeURIComponent(zone)}` : url, ...more);
      this.addEventListener("open", () => terminal.querySelector("textarea").focus());
      this.addEventListener("message", hear);
      this.addEventListener("close", end);
      // A browser may keep a page that was left, to show it again at once: nobody sits there meanwhile.
      window.addEventListener("pagehide", () => this.close());
    }
  };
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  byId("again").addEventListener("click", () => location.reload());
  // Firefox was seen to make no click of Enter where its window has not the focus.
  byId("again").addEventListener("keydown", (event) => event.key === "Enter" && location.reload());

  // The terminal measures its letters once: the font has to be there by then.
  const start = window.onload;
  window.onload = null;
  window.addEventListener("load", async (event) => {
    const faces = ["16px", "bold 16px"].map((face) => document.fonts.load(`${face} "Roboto Mono"`));
    await Promise.allSettled(faces);
    start.call(window, event);
  });
})();
