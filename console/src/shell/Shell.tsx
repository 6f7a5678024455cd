// The frame of every page: who is signed in, where to go, and what was just done.
import AppLayoutToolbar from "@cloudscape-design/components/app-layout-toolbar";
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { getNode } from "../api/operator";
import { fromHref, toHref } from "../lib/address";
import { NotificationBar } from "./Notifications";
import { useSession } from "./SessionProvider";
import { useTheme } from "./Theme";

interface PageOfMenu {
  text: string;
  path: string;
}

const PAGES: PageOfMenu[] = [
  { text: "Overview", path: "/" },
  { text: "APIs", path: "/apis" },
  { text: "Usage plans", path: "/usage-plans" },
  { text: "API keys", path: "/api-keys" },
  { text: "Usage", path: "/usage" },
  { text: "Why refused?", path: "/refusals" },
];

const FIRST_RUN: PageOfMenu = { text: "Set up an API", path: "/first-run" };

/** Pages that a key issuer has something to do on. */
const ISSUER_PAGES = ["/usage-plans", "/api-keys", "/usage"];

/** Whether the menu would hide the page. */
const narrow = (): boolean => !matchMedia("(min-width: 912px)").matches;

export function Shell({ children }: { children: ReactNode }): ReactElement {
  const { session, mayChange } = useSession();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const [open, setOpen] = useState(() => !narrow());
  const pages = session.role === "key-issuer" ? PAGES.filter((page) => ISSUER_PAGES.includes(page.path)) : PAGES;
  const firstRun: SideNavigationProps.Item[] = mayChange ? [{ type: "divider" }, link(FIRST_RUN)] : [];
  return (
    <>
      <Header />
      <AppLayoutToolbar
        headerSelector="#console-header"
        toolsHide
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        navigation={
          <SideNavigation
            header={{ text: "API gateway", href: toHref("/") }}
            activeHref={toHref(active(pathname))}
            items={[...pages.map(link), ...firstRun]}
            onFollow={(event) => {
              event.preventDefault();
              void navigate(fromHref(event.detail.href));
              if (narrow()) setOpen(false);
            }}
          />
        }
        notifications={<NotificationBar />}
        content={children}
      />
    </>
  );
}

function Header(): ReactElement {
  const { session, leave } = useSession();
  const { theme, toggle } = useTheme();
  const navigate = useNavigate();
  const { data: node } = useQuery({ queryKey: ["node"], queryFn: getNode, staleTime: 60_000 });
  const region: TopNavigationProps.Utility[] = node
    ? [
        {
          type: "menu-dropdown",
          text: node.region,
          ariaLabel: `Region ${node.region}`,
          title: `Account ${node.accountId}`,
          description: `Tollgate ${node.version ?? ""}, gateway at ${node.gateway ?? ""}`,
          items: [
            { id: "metrics", text: "Metrics", href: "/metrics", external: true },
            { id: "ready", text: "Readiness", href: "/readyz", external: true },
          ],
        },
      ]
    : [];
  return (
    <div id="console-header">
      <TopNavigation
        identity={{
          title: "Tollgate",
          href: toHref("/"),
          onFollow: (event) => {
            event.preventDefault();
            void navigate("/");
          },
        }}
        utilities={[
          ...region,
          {
            type: "button",
            text: theme === "dark" ? "Light mode" : "Dark mode",
            onClick: toggle,
          },
          {
            type: "menu-dropdown",
            text: session.accessKeyId,
            description: session.role,
            iconName: "user-profile",
            items: [{ id: "sign-out", text: "Sign out" }],
            onItemClick: () => void leave(),
          },
        ]}
      />
    </div>
  );
}

/** The page that an address belongs to. */
function active(pathname: string): string {
  return [...PAGES, FIRST_RUN].find(({ path }) => path !== "/" && pathname.startsWith(path))?.path ?? "/";
}

function link({ text, path }: PageOfMenu): SideNavigationProps.Link {
  return { type: "link", text, href: toHref(path) };
}
