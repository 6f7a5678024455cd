// Who is signed in, for every page; without a session there is only the sign-in page.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactElement, type ReactNode, useContext, useEffect } from "react";
import { whenSignedOut } from "../api/client";
import { currentSession, type Session, signInByLink, signOut } from "../api/session";
import { ErrorAlert } from "../components/ErrorAlert";
import { Loading } from "../components/Loading";
import { SignInPage } from "../pages/signIn/SignInPage";

export const SESSION_QUERY = ["session"];

const LINK = /^#link=(\w+)$/;

interface SignedIn {
  session: Session;
  leave: () => Promise<void>;
  /** Whether pages show what changes anything but keys. */
  mayChange: boolean;
  /** Whether pages show how to make keys. */
  mayIssueKeys: boolean;
}

const SessionContext = createContext<SignedIn | null>(null);

export function useSession(): SignedIn {
  const signedIn = useContext(SessionContext);
  if (signedIn === null) throw new Error("this is shown to those who signed in");
  return signedIn;
}

export function SessionProvider({ children }: { children: ReactNode }): ReactElement {
  const queries = useQueryClient();
  const { data: session, error } = useQuery({ queryKey: SESSION_QUERY, queryFn: findSession, staleTime: Infinity });
  useEffect(() => {
    whenSignedOut(() => queries.setQueryData(SESSION_QUERY, null));
  }, [queries]);
  if (session === undefined) {
    return error === null ? <Loading /> : <SignInPage problem={<ErrorAlert error={error} />} />;
  }
  if (session === null) return <SignInPage />;
  const leave = async (): Promise<void> => {
    await signOut();
    queries.clear();
    queries.setQueryData(SESSION_QUERY, null);
  };
  const mayChange = session.role === "admin";
  const mayIssueKeys = mayChange || session.role === "key-issuer";
  return <SessionContext value={{ session, leave, mayChange, mayIssueKeys }}>{children}</SessionContext>;
}

/** The session of this browser, begun by the address's link where it has one. */
async function findSession(): Promise<Session | null> {
  const link = LINK.exec(location.hash)?.[1];
  if (link === undefined) return currentSession();
  // The link is used up; it has no place in the history.
  history.replaceState(null, "", location.pathname + location.search);
  return (await currentSession()) ?? signInByLink(link);
}
