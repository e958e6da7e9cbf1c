import { useState } from "react";
import type { FormEvent, ReactElement } from "react";
import { Logo } from "../icons.tsx";
import { ThemeToggle } from "../theme/ThemeToggle.tsx";
import { signIn } from "./session.ts";
import { tokenInFragment } from "./token.ts";

/** The door: a token, or how to get one. */
export function SignIn({ reason }: { readonly reason: string | null }): ReactElement {
  const [input, setInput] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const token = tokenOf(input);
    if (token !== "") signIn(token);
  };
  return (
    <main className="sign-in">
      <div className="sign-in-corner">
        <ThemeToggle />
      </div>
      <form className="sign-in-card" onSubmit={submit}>
        <div className="sign-in-brand">
          <Logo />
          <h1>Geode</h1>
        </div>
        {reason !== null && (
          <p className="sign-in-reason" role="alert">
            {reason}
          </p>
        )}
        <label htmlFor="token">Token</label>
        <textarea
          id="token"
          data-testid="token"
          rows={4}
          value={input}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          placeholder="eyJhbGciOi…"
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the only thing to do here
          autoFocus
          onChange={(event) => setInput(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey) submit(event);
          }}
        />
        <button type="submit" className="primary" disabled={input.trim() === ""}>
          Connect
        </button>
        <p className="sign-in-hint">
          The link that <code>geode serve</code> prints has a token in it. To make one, run this
          where the server runs and paste its last line:
        </p>
        <pre className="sign-in-command">geode token --user you --role admin</pre>
        <p className="sign-in-hint">It stays in this tab only.</p>
      </form>
    </main>
  );
}

/** The token of what was pasted: the token itself, or the whole link. */
function tokenOf(input: string): string {
  const text = input.trim();
  const hash = text.indexOf("#");
  return (hash >= 0 ? tokenInFragment(text.slice(hash)) : null) ?? text.replaceAll(/\s+/g, "");
}
