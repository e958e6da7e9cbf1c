import type { ReactElement } from "react";
import { session } from "../session/session.ts";
import { SignIn } from "../session/SignIn.tsx";
import { useStore } from "../store.ts";
import { Workbench } from "./Workbench.tsx";

export function App(): ReactElement {
  const current = useStore(session);
  return current.kind === "signedOut" ? (
    <SignIn reason={current.reason} />
  ) : (
    <Workbench geode={current.geode} connection={current.connection} />
  );
}
