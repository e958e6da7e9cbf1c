import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import type { Diagnostic } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import type { Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { ReactElement } from "react";
import type { GeodeError } from "@geode/client";
import { complete } from "./completion.ts";
import { editorTheme } from "./editor-theme.ts";
import { gqlLanguage } from "./gql-language.ts";

interface EditorProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
  /** Where and why the text that stands here was refused. */
  readonly error: GeodeError | null;
}

/** The query editor. Tab leaves it (nobody gets trapped); Ctrl/Cmd+Enter runs. */
export function Editor({ text, onChange, onRun, error }: EditorProps): ReactElement {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // The editor lives longer than one rendering; it must call what is current then.
  const handlers = useRef({ onChange, onRun });
  useEffect(() => {
    handlers.current = { onChange, onRun };
  });

  useEffect(() => {
    const editor = new EditorView({
      parent: parent.current as HTMLDivElement,
      state: EditorState.create({ doc: text, extensions: extensions(handlers) }),
    });
    view.current = editor;
    if (window.matchMedia("(pointer: fine)").matches) editor.focus();
    return () => editor.destroy();
    // oxlint-disable-next-line react/exhaustive-deps -- made once; the text is brought up to date below
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const editor = view.current;
    if (editor !== null)
      editor.dispatch(setDiagnostics(editor.state, diagnosticsOf(error, editor.state)));
  }, [error]);

  return <div className="editor" ref={parent} />;
}

function extensions(handlers: {
  readonly current: Pick<EditorProps, "onChange" | "onRun">;
}): Extension {
  return [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [complete], icons: false }),
    gqlLanguage,
    editorTheme,
    placeholder("MATCH (n) RETURN n LIMIT 25"),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      "aria-label": "Query, in GQL",
      "data-testid": "editor",
      spellcheck: "false",
      autocapitalize: "off",
    }),
    // An offer that was on its way when the focus left would open over what one looks at now.
    EditorView.domEventHandlers({ blur: (_event, view) => void closeCompletion(view) }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) handlers.current.onChange(update.state.doc.toString());
    }),
    Prec.highest(
      keymap.of([
        {
          key: "Mod-Enter",
          run: (view) => {
            closeCompletion(view);
            handlers.current.onRun();
            return true;
          },
        },
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
  ];
}

/** The word at the error's position; the text may be shorter by now than when it was refused. */
function diagnosticsOf(error: GeodeError | null, state: EditorState): readonly Diagnostic[] {
  if (error?.position === undefined) return [];
  const { length } = state.doc;
  const from = Math.min(error.position.offset, length);
  const word =
    /^[\p{L}\p{N}_]+/u.exec(state.sliceDoc(from, Math.min(from + 100, length)))?.[0] ?? "";
  const to = Math.min(from + Math.max(word.length, 1), length);
  const message = error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
  // At the very end there is nothing to underline but the last character.
  return [{ from: from === to ? Math.max(from - 1, 0) : from, to, severity: "error", message }];
}
