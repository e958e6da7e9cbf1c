import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { startSession } from "./session/session.ts";
import { startTheme } from "./theme/theme.ts";
import "./app/app.css";

startTheme();
startSession();
createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
