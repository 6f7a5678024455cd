// Where a page is.
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import type { ReactElement } from "react";
import { useNavigate } from "react-router";
import { fromHref, toHref } from "../lib/address";

export interface Crumb {
  text: string;
  to: string;
}

export function Breadcrumbs({ trail }: { trail: Crumb[] }): ReactElement {
  const navigate = useNavigate();
  return (
    <BreadcrumbGroup
      items={trail.map(({ text, to }) => ({ text, href: toHref(to) }))}
      onFollow={(event) => {
        event.preventDefault();
        void navigate(fromHref(event.detail.href));
      }}
    />
  );
}
