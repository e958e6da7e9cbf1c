import { EditorView } from "@codemirror/view";
import { Geode } from "@geode/client";
import { GeodeProvider } from "@geode/client/yjs";
import { Editor } from "@tiptap/core";
import { Collaboration } from "@tiptap/extension-collaboration";
import { CollaborationCaret } from "@tiptap/extension-collaboration-caret";
import { StarterKit } from "@tiptap/starter-kit";
import { yCollab } from "y-codemirror.next";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

/*
 * The examples of README.md that need an editor: they are compiled. What they do is tested in tests/e2e, in a browser.
 */

/** What the examples need around them. */
interface Surroundings {
  readonly geode: Geode;
  readonly token: string;
  readonly tell: (what: string) => void;
}

export function withCodeMirror({ geode, tell }: Surroundings): void {
  const doc = new Y.Doc();
  const provider = new GeodeProvider(geode, "team/plan", doc);
  provider.awareness.setLocalStateField("user", { name: "Ada", color: "#7048e8" });

  new EditorView({
    parent: document.body,
    extensions: [yCollab(doc.getText("plan"), provider.awareness)],
  });

  provider.on("status", ({ status }) => tell(status)); // "connecting", "connected", "disconnected"
  provider.on("saved", (saved) => tell(saved ? "All changes saved" : "Saving …"));
  provider.on("error", (error) =>
    tell(provider.readOnly ? "You can only read this" : error.message),
  );
}

export function withTipTap({ geode }: Surroundings): void {
  const doc = new Y.Doc();
  const provider = new GeodeProvider(geode, "team/minutes", doc);
  const user = { name: "Ada", color: "#7048e8" };

  new Editor({
    element: document.body,
    extensions: [
      StarterKit.configure({ undoRedo: false }),
      Collaboration.configure({ document: doc }),
      CollaborationCaret.configure({ provider, user }),
    ],
  });
}

export function withYWebsocket({ token }: Surroundings): void {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider("ws://localhost:8443/yjs", "team/plan", doc, {
    params: { token },
  });
  provider.awareness.setLocalStateField("user", { name: "Ada", color: "#7048e8" });
}
