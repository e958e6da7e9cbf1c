import type { Geode } from "@geode/client";
import { useState } from "react";
import type { ReactElement } from "react";
import { Connections } from "../connections/Connections.tsx";
import { ConnectionsIcon, Logo, MenuIcon, SignOutIcon } from "../icons.tsx";
import { signOut } from "../session/session.ts";
import { ThemeToggle } from "../theme/ThemeToggle.tsx";

interface HeaderProps {
  readonly geode: Geode;
  readonly menuOpen: boolean;
  readonly onMenu: () => void;
}

export function Header({ geode, menuOpen, onMenu }: HeaderProps): ReactElement {
  const { session } = geode;
  const user = session?.user;
  const [connectionsOpen, setConnectionsOpen] = useState(false);
  return (
    <header className="header">
      <button
        type="button"
        id="menu-button"
        className="icon-button menu-button"
        onClick={onMenu}
        aria-expanded={menuOpen}
        aria-controls="sidebar"
        aria-label="Queries and contents"
      >
        <MenuIcon />
      </button>
      <Logo />
      <h1>Geode</h1>
      <span className="header-space" />
      {user !== undefined && <span className="user">{user.name ?? user.id}</span>}
      {session?.roles.includes("admin") === true && (
        <button
          type="button"
          className="icon-button"
          onClick={() => setConnectionsOpen(true)}
          aria-label="Connections"
          title="Connections"
          data-testid="show-connections"
        >
          <ConnectionsIcon />
        </button>
      )}
      {connectionsOpen && session !== null && (
        <Connections ownSession={session.session} onClose={() => setConnectionsOpen(false)} />
      )}
      <ThemeToggle />
      <button
        type="button"
        className="icon-button"
        onClick={signOut}
        aria-label="Sign out"
        title="Sign out"
      >
        <SignOutIcon />
      </button>
    </header>
  );
}
