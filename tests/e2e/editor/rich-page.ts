import { Geode } from "@geode/client";
import { GeodeProvider } from "@geode/client/yjs";
import { Editor } from "@tiptap/core";
import { Collaboration } from "@tiptap/extension-collaboration";
import { CollaborationCaret } from "@tiptap/extension-collaboration-caret";
import { StarterKit } from "@tiptap/starter-kit";
import * as Y from "yjs";

/*
 * The page with TipTap instead of CodeMirror, over the provider of the client.
 */

const asked = new URL(location.href).searchParams;
const wish = (name: string): string => asked.get(name) ?? "";

const doc = new Y.Doc();
const geode = new Geode(`${wish("server").replace("http", "ws")}/ws`, { token: wish("token") });
const provider = new GeodeProvider(geode, wish("document"), doc);
const editor = new Editor({
  element: document.querySelector("main"),
  extensions: [
    // Nothing is there that nobody wrote.
    StarterKit.configure({ undoRedo: false, trailingNode: false }),
    Collaboration.configure({ document: doc }),
    CollaborationCaret.configure({
      provider,
      user: { name: wish("name"), color: wish("color") },
    }),
  ],
});

Object.assign(window, {
  editor: {
    provider,
    goToEnd: () => editor.commands.focus("end"),
    get html(): string {
      return editor.getHTML();
    },
  },
});
