import type { ReactElement, ReactNode } from "react";

/** 16 × 16, drawn with the colour of the text around; the button that holds one says in words what it does. */
function Icon({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const PlayIcon = (): ReactElement => (
  <Icon>
    <path d="M4.500 2.800v10.400L13 8z" fill="currentColor" strokeLinejoin="round" />
  </Icon>
);
export const StopIcon = (): ReactElement => (
  <Icon>
    <rect x="4" y="4" width="8" height="8" rx="1.500" fill="currentColor" />
  </Icon>
);
export const SunIcon = (): ReactElement => (
  <Icon>
    <circle cx="8" cy="8" r="3" />
    <path
      strokeLinecap="round"
      d="M8 1.500v1M8 13.500v1M1.500 8h1M13.500 8h1M3.400 3.400l.7.7M11.900 11.900l.7.7M12.600 3.400l-.7.7M4.100 11.900l-.7.7"
    />
  </Icon>
);
export const MoonIcon = (): ReactElement => (
  <Icon>
    <path strokeLinejoin="round" d="M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7z" />
  </Icon>
);
export const MenuIcon = (): ReactElement => (
  <Icon>
    <path strokeLinecap="round" d="M2.500 4h11M2.500 8h11M2.500 12h11" />
  </Icon>
);
export const CloseIcon = (): ReactElement => (
  <Icon>
    <path strokeLinecap="round" d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const RefreshIcon = (): ReactElement => (
  <Icon>
    <path
      strokeLinecap="round"
      strokeLinejoin="round"
      d="M13 3v3.500H9.500M13 6.500A5.300 5.300 0 1 0 13.300 9"
    />
  </Icon>
);
export const CopyIcon = (): ReactElement => (
  <Icon>
    <rect x="5.500" y="5.500" width="8" height="8" rx="1.500" />
    <path d="M10.500 5.500v-1.500A1.500 1.500 0 0 0 9 2.500H4A1.500 1.500 0 0 0 2.500 4v5A1.500 1.500 0 0 0 4 10.500h1.500" />
  </Icon>
);
export const FitIcon = (): ReactElement => (
  <Icon>
    <path
      strokeLinecap="round"
      strokeLinejoin="round"
      d="M6 2.500H2.500V6M10 2.500h3.500V6M6 13.500H2.500V10M10 13.500h3.500V10"
    />
  </Icon>
);
export const PlusIcon = (): ReactElement => (
  <Icon>
    <path strokeLinecap="round" d="M8 3v10M3 8h10" />
  </Icon>
);
export const MinusIcon = (): ReactElement => (
  <Icon>
    <path strokeLinecap="round" d="M3 8h10" />
  </Icon>
);
export const StarIcon = (): ReactElement => (
  <Icon>
    <path
      strokeLinejoin="round"
      d="m8 2 1.800 3.700 4.100.6-3 2.900.7 4L8 11.300l-3.600 1.900.7-4-3-2.900 4.100-.6z"
    />
  </Icon>
);
export const ConnectionsIcon = (): ReactElement => (
  <Icon>
    <circle cx="8" cy="8" r="2" />
    <circle cx="2.500" cy="3.500" r="1.500" />
    <circle cx="13.500" cy="3.500" r="1.500" />
    <circle cx="8" cy="13.500" r="1.500" />
    <path d="m3.700 4.500 2.700 2.200M12.300 4.500 9.600 6.700M8 10v2" />
  </Icon>
);
export const SignOutIcon = (): ReactElement => (
  <Icon>
    <path
      strokeLinecap="round"
      strokeLinejoin="round"
      d="M6 2.500H3.500v11H6M7 8h6.500M11 5.500 13.500 8 11 10.500"
    />
  </Icon>
);
export const ShuffleIcon = (): ReactElement => (
  <Icon>
    <circle cx="4" cy="4" r="1.800" />
    <circle cx="12" cy="6" r="1.800" />
    <circle cx="6" cy="12" r="1.800" />
    <path d="m5.700 4.500 4.600 1M4.500 5.700l1 4.600M10.700 7.300l-3.400 3.400" />
  </Icon>
);

export function Logo(): ReactElement {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <path className="logo-1" d="M16 2 28 9v14l-12 7L4 23V9z" />
      <path className="logo-2" d="M16 2 28 9l-12 7L4 9z" />
      <path className="logo-3" d="m16 8 6 3.500v7L16 22l-6-3.500v-7z" />
      <path className="logo-4" d="m16 8 6 3.500L16 15l-6-3.500z" />
    </svg>
  );
}
