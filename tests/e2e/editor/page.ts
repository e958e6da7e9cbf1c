import { defaultKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { Geode } from "@geode/client";
import { GeodeProvider } from "@geode/client/yjs";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

/*
 * A page with an editor on one document, as an application has it. What it is to do is in its address: see `EditorFields`.
 */

const asked = new URL(location.href).searchParams;
const wish = (name: string): string => asked.get(name) ?? "";
const base = wish("server").replace("http", "ws");

const doc = new Y.Doc();
const text = doc.getText("codemirror");
const provider =
  wish("provider") === "geode"
    ? new GeodeProvider(
        new Geode(`${base}/ws`, { token: wish("token"), reconnect: { firstMs: 50 } }),
        wish("document"),
        doc,
      )
    : new WebsocketProvider(`${base}/yjs`, wish("document"), doc, {
        params: { token: wish("token") },
        disableBc: true,
      });
const user = { name: wish("name"), color: wish("color"), colorLight: `${wish("color")}33` };
provider.awareness.setLocalStateField("user", user);
// Nothing that others write comes into what is undone. What is typed within ten seconds is undone in one go.
const undoManager = new Y.UndoManager(text, { captureTimeout: 10_000 });

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "14px" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { padding: "18px 0", caretColor: user.color },
  ".cm-cursor": { borderLeft: `2px solid ${user.color}` },
  ".cm-line": { padding: "1px 16px 1px 8px" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'DejaVu Sans Mono', monospace", lineHeight: "2" },
  ".cm-gutters": { background: "transparent", border: "none", color: "#b6bdc9" },
  ".cm-ySelectionInfo": {
    opacity: "1",
    top: "-1.2em",
    padding: "1px 6px",
    borderRadius: "5px 5px 5px 0",
    fontFamily: "system-ui, 'DejaVu Sans', sans-serif",
    fontSize: "11px",
    fontWeight: "600",
  },
  ".cm-ySelectionCaretDot": { display: "none" },
});

const view = new EditorView({
  parent: document.querySelector("main")!,
  state: EditorState.create({
    doc: text.toString(),
    extensions: [
      lineNumbers(),
      drawSelection(),
      EditorView.lineWrapping,
      keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
      yCollab(text, provider.awareness, { undoManager }),
      look,
    ],
  }),
});

const query = (selector: string): HTMLElement => document.querySelector(selector)!;
query("#name").textContent = user.name;
query("#name").style.color = user.color;
query("#kind").textContent = wish("provider") === "geode" ? "@geode/client/yjs" : "y-websocket";

/** Everybody who is here, as coloured letters. */
function showPeople(): void {
  const people = [...provider.awareness.getStates().values()]
    .map((state) => state["user"] as typeof user | undefined)
    .filter((known) => known !== undefined)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  query("#people").replaceChildren(
    ...people.map(({ color, name }) => {
      const person = document.createElement("span");
      person.textContent = name.slice(0, 1);
      person.title = name;
      person.style.background = color;
      return person;
    }),
  );
}
provider.awareness.on("change", showPeople);
showPeople();

// Both are called the same, and tell the same.
const events: { on(name: "status", told: (event: { status: string }) => void): unknown } = provider;
events.on("status", ({ status }) => {
  document.body.dataset["status"] = status;
});
document.body.dataset["status"] = "connecting";

/** What a test reads and does; it is a page of its own. */
Object.assign(window, {
  editor: {
    get text(): string {
      return view.state.doc.toString();
    },
    get shared(): string {
      return text.toString();
    },
    provider,
    view,
  },
});
