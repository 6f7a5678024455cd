// A link to a page of the console.
import Link from "@cloudscape-design/components/link";
import type { ReactElement, ReactNode } from "react";
import { useHref, useNavigate } from "react-router";

export function PageLink({ to, children }: { to: string; children: ReactNode }): ReactElement {
  const href = useHref(to);
  const navigate = useNavigate();
  return (
    <Link
      href={href}
      onFollow={(event) => {
        if (event.detail.external ?? false) return;
        event.preventDefault();
        void navigate(to);
      }}
    >
      {children}
    </Link>
  );
}
